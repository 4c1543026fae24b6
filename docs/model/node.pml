/* The process of a node: LeaseMachine with one lease at a time, and as much of the Allocator as matters.
   Everything before the first statement of a step is its guard. Faults have guards with !calm: once it is
   calm each process has one thing to do at a time, so that weak fairness is enough for progress. */

#define MAY(p) (!calm || (demand & (1 << (p))) != 0)   /* there are callers */

#if LOSS
#define IS_BEHIND(p) ((behind & (1 << (p))) != 0)
#else
#define IS_BEHIND(p) 0
#endif

inline forget_lease(p) {
  proc[p].mode = ASKING;
  proc[p].named = 0;
  proc[p].first = 0;
  proc[p].last = 0;
  proc[p].through = 0;
  proc[p].handed = 0;
  proc[p].kept = 0;
  proc[p].attempt = 0;
  proc[p].recall = 0;
  proc[p].target = 0;
  proc[p].ahead = 0;
  proc[p].unknown = 0
#if LOSS
  ;
  proc[p].lapsed = 0
#endif
}

#if LOSS
inline end_call(p) {
  proc[p].call = 0;
  proc[p].answer = 0;
  proc[p].a = 0;
  proc[p].b = 0
}
#define IS_IDLE(p) (proc[p].call == 0)
#else
#define end_call(p) skip
#define IS_IDLE(p) true
#endif

/* The coordinator closed the lease: LeaseMachine.fence and keepFenced. */
inline fence(p) {
  proc[p].recall = 0;
  if
  :: proc[p].through > KEPT(p) -> proc[p].mode = RETURNING
  :: else ->
    if
    :: proc[p].through > proc[p].handed -> proc[p].mode = STOCK
    :: else -> forget_lease(p)
    fi
  fi
}

/* The outstanding commit was done: LeaseMachine.settle, after the journal was written. */
inline settle(p) {
  write_journal(p, RANGE(proc[p].first, proc[p].target));
  if
  :: proc[p].target - proc[p].ahead > proc[p].through ->
    proc[p].kept = proc[p].target - proc[p].ahead
  :: else
  fi;
  proc[p].through = proc[p].target
}

inline note_recall(p, is_recalled) {
  if
  :: is_recalled && proc[p].recall == 0 && proc[p].mode == USING -> proc[p].recall = 1
  :: else
  fi
}

/* What it hands out yet of a lease that it released: what it had asked to keep. The answer may say that more
   stays issued; but an earlier coordinator may have done this release already, and granted that again. */
#ifdef RELEASE_REVIVES_STOCK
#define KEEPS(p) (a_ < proc[p].through -> a_ : proc[p].through)
#else
#define KEEPS(p) KEPT(p)
#endif

/* What is told to be committed in a lease that has lapsed is issued to nobody: the request may have reached a
   restored coordinator. */
inline drop_late_done(p) {
#ifndef LATE_DONE_COUNTS
  if
  :: HAS_LAPSED(p) -> proc[p].handed = proc[p].through; proc[p].kept = proc[p].through
  :: else
  fi
#else
  skip
#endif
}

/* Acts on the answer in answer_, a_ and b_. */
inline take(p, call_) {
  if
  :: call_ == ACQUIRE ->
    if
    :: answer_ == GRANTED ->
      proc[p].mode = USING;
      proc[p].first = a_;
      proc[p].last = b_;
      proc[p].through = a_ - 1;
      proc[p].handed = a_ - 1;
      proc[p].kept = a_ - 1
    :: else -> forget_lease(p)   /* the next call makes new names */
    fi
  :: call_ == COMMIT ->
    if
    :: answer_ == DONE -> settle(p); drop_late_done(p); note_recall(p, a_)
    :: else
    fi;
    proc[p].target = 0; proc[p].ahead = 0;
    if
    :: answer_ == IS_CLOSED -> fence(p)
    :: answer_ == REFUSED -> forget_lease(p)
    :: else
    fi
  :: call_ == READ_BACK ->
    if
    :: answer_ != REFUSED && a_ == proc[p].target -> settle(p); drop_late_done(p)
    :: answer_ != REFUSED && a_ == proc[p].through
    :: else -> answer_ = REFUSED   /* contradicted */
    fi;
    proc[p].target = 0; proc[p].ahead = 0; proc[p].unknown = 0;
    proc[p].attempt = (proc[p].attempt + 1) & 3;
    if
    :: answer_ == IS_CLOSED -> fence(p)
    :: answer_ == REFUSED -> forget_lease(p)
    :: else -> note_recall(p, b_)
    fi
  :: call_ == RELEASE ->
    if
    :: answer_ == IS_RELEASED ->
      settle_journal(p, RANGE(proc[p].first, a_), RANGE(a_ + 1, proc[p].last));
      if
      :: KEEPS(p) > proc[p].handed ->
        proc[p].mode = STOCK; proc[p].kept = KEEPS(p); proc[p].through = proc[p].kept;
        proc[p].attempt = 0; proc[p].recall = 0
      :: else -> forget_lease(p)
      fi
    :: else -> forget_lease(p)
    fi
  fi
}

/* A process that is told acts. Where commits may be lost, what has a line leaves in the same step: a caller
   who gets it later gets it from the same process, nobody is asked meanwhile, a release keeps it anyway, and
   whatever else may happen before it leaves may happen after that as well. */
inline act(p, call_) {
  take(p, call_);
#if LOSS
  do
  :: proc[p].handed < proc[p].kept -> hand_out(p, proc[p].handed + 1); proc[p].handed++
  :: else -> break
  od;
  if
  :: proc[p].mode == STOCK && proc[p].handed == proc[p].through -> forget_lease(p)
  :: else
  fi
#endif
}

/* No answer came. */
inline give_up(p, call_) {
  if
  :: call_ == COMMIT -> proc[p].unknown = 1
  :: else
  fi
}

/* The request in m_ is handled, and the answer acted upon. An answer that is on its way for long need not
   be modelled: a process that was told may well do nothing for as long, and what it was told is lost when
   it dies, as is an answer. Only where the coordinator may go back meanwhile does it matter when the
   answer to a commit or a read-back arrives: not after the loss, which comes once. */
inline hear(p, call_) {
  handle(m_);
  check_answer(answer_);
#if LOSS
  if
  :: loss != 2 && (call_ == COMMIT || call_ == READ_BACK) ->
    proc[p].call = call_; proc[p].answer = answer_; proc[p].a = a_; proc[p].b = b_
  :: else -> act(p, call_)
  fi
#else
  act(p, call_)
#endif
}

/* Each way that a call may go, see network.pml. The number of unknown commits of a lease is bounded. */
#define MAY_LOSE(p, call_) (!calm && (call_ != COMMIT || proc[p].attempt < UNKNOWNS))
#define CALLS(guard, prepare, call_) \
  :: d_step { (guard) -> prepare; pack(me, call_); hear(me, call_); tidy() } \
  :: d_step { (guard) && MAY_LOSE(me, call_) -> \
    prepare; pack(me, call_); handle(m_); check_answer(answer_); give_up(me, call_); tidy() } \
  :: d_step { (guard) && MAY_LOSE(me, call_) -> prepare; give_up(me, call_); tidy() } \
  :: d_step { (guard) && !calm && IS_ROOM(call_) -> \
    prepare; pack(me, call_); send_late(); pack(me, call_); hear(me, call_); tidy() } \
  :: d_step { (guard) && MAY_LOSE(me, call_) && IS_ROOM(call_) -> \
    prepare; pack(me, call_); send_late(); give_up(me, call_); tidy() }

/* -- when a process calls, and what it decides then -- */

#define ACQUIRES(p) \
  (proc[p].up && proc[p].mode == ASKING && IS_IDLE(p) && !IS_BEHIND(p) && \
    (proc[p].named || (MAY(p) && IS_NAME_LEFT(p))))

/* An acquire whose outcome is unknown is repeated with the same names, whoever waits. */
inline name_lease(p) {
  if
  :: !proc[p].named -> free_name(p); proc[p].named = 1
  :: else
  fi
}

#define COMMITS(p) \
  (proc[p].mode == USING && IS_IDLE(p) && !proc[p].unknown && proc[p].recall != 2 && \
    proc[p].through < proc[p].last && MAY(p) && !HAS_LAPSED(p))

/* For one request. A recalled lease serves who waits at that moment, once. */
inline aim(p) {
  proc[p].target = proc[p].through + 1;
  if
  :: proc[p].recall == 1 -> proc[p].recall = 2
  :: else
  fi
}

/* Commit-ahead: the last number is for nobody yet. None of it while the lease is recalled. */
#define COMMITS_AHEAD(p, count) \
  (!calm && COMMITS(p) && proc[p].recall == 0 && proc[p].through + count <= proc[p].last)

inline aim_ahead(p, count) {
  proc[p].target = proc[p].through + count;
  proc[p].ahead = 1
}

#define READS_BACK(p) (proc[p].unknown && IS_IDLE(p))

/* Numbers leave the process without another call: what was committed for a caller, or ahead. */
#define HANDS(p) \
  ((proc[p].mode == USING || proc[p].mode == STOCK) && proc[p].handed < proc[p].through && MAY(p))

/* In calm weather a lease goes back when it is used up, or recalled and nobody waits. */
#define RELEASES(p) \
  (IS_IDLE(p) && !proc[p].unknown && (proc[p].mode == RETURNING || (proc[p].mode == USING && \
    (!calm || proc[p].recall == 2 || (proc[p].recall == 1 && !COMMITS(p) && !HANDS(p)) || \
      (proc[p].through == proc[p].last && proc[p].handed == proc[p].last)))))


proctype Node(bit me) {
  do
  /* The process starts, and dies. */
  :: d_step { !proc[me].up && (!calm || MAY(me) || LOSS) ->
    proc[me].up = 1;
    drop_late_acquires(me);
    register_boot(me);
    register_then(me);
    check_ledger();
    tidy() }
#if !LOSS
  :: d_step { !calm && proc[me].up ->
    end_call(me); forget_lease(me); proc[me].up = 0; tidy() }
#else
  /* It starts again at once: one that is down is like one that does nothing for as long, and then dies. */
  :: d_step { !calm && proc[me].up ->
    end_call(me); forget_lease(me);
    drop_late_acquires(me);
    register_boot(me);
    register_then(me);
    check_ledger();
    tidy() }
#endif

#if LOSS
  /* An answer arrives, or does not. */
  :: d_step { proc[me].call != 0 ->
    j_ = proc[me].call; answer_ = proc[me].answer; a_ = proc[me].a; b_ = proc[me].b;
    end_call(me); act(me, j_); tidy() }
  :: d_step { proc[me].call != 0 && MAY_LOSE(me, proc[me].call) ->
    j_ = proc[me].call; end_call(me); give_up(me, j_); tidy() }
#endif

  CALLS(ACQUIRES(me), name_lease(me), ACQUIRE)
  CALLS(COMMITS(me), aim(me), COMMIT)
#if AHEAD
  CALLS(COMMITS_AHEAD(me, 1), aim_ahead(me, 1), COMMIT)
  CALLS(COMMITS_AHEAD(me, 2), aim_ahead(me, 2), COMMIT)
#endif
  CALLS(READS_BACK(me), skip, READ_BACK)
  CALLS(RELEASES(me), proc[me].mode = RETURNING, RELEASE)

#if AHEAD || !LOSS
  :: d_step { HANDS(me) ->
    hand_out(me, proc[me].handed + 1);
    proc[me].handed++;
    if
    :: proc[me].mode == STOCK && proc[me].handed == proc[me].through -> forget_lease(me)
    :: else
    fi;
    tidy() }
#endif

  /* A renewal, at the moment when it tells something new. */
  :: d_step { proc[me].mode == USING && IS_IDLE(me) && !proc[me].unknown && !HAS_LAPSED(me) &&
      (ROW(me).state != LIVE || (ROW(me).recalled && proc[me].recall == 0)) ->
#ifdef RENEWAL_REVIVES
    if
    :: ROW(me).state == CLOSED -> ROW(me).state = LIVE
    :: else
    fi;
    check_ledger();
#endif
    if
    :: ROW(me).state == NONE -> check_answer(REFUSED); forget_lease(me)
    :: ROW(me).state == LIVE -> note_recall(me, ROW(me).recalled)
    :: else -> fence(me)
    fi;
    tidy() }
#if LOSS
#include "report.pml"
#endif
  od
}
