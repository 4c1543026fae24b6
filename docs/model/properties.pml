/* What must hold. Each is switched on by its own macro, so that a planted bug is found by the property
   that it breaks. */

#ifdef ALL_SAFETY
#define CHECK_ONCE
#define CHECK_COMMITTED
#define CHECK_PARTITION
#define CHECK_ANSWERS
#define CHECK_REMEMBERED
#endif

/* "once": a number leaves at most one process, at most once.
   "committed": it is recorded as issued to this process when it leaves. */
inline hand_out(p, n) {
#ifdef CHECK_ONCE
  assert((handed & BIT(n)) == 0);   /* once */
#endif
#if defined(CHECK_COMMITTED) && !LOSS
  assert(ROW(p).state != NONE && ROW(p).holder == p && ROW(p).first <= n && n <= ROW(p).through &&
    (now_.issued & BIT(n)) != 0);   /* committed */
#endif
  reach_hand_out(p, n);
  handed = handed | BIT(n);
  check_remembered()
}

#if LOSS
#define IS_ISSUED_ONCE ((now_.issued0 & now_.issued1) == 0)
#else
#define IS_ISSUED_ONCE true
#endif

/* "partition": each number is in exactly one place. No number with a line in the log is free. */
inline check_ledger() {
#ifdef CHECK_PARTITION
  m_ = now_.free | ISSUED(now_);
  is_used_ = ((now_.free & ISSUED(now_)) == 0 && IS_ISSUED_ONCE &&
    (now_.free & now_.logged) == 0 && (m_ & ~ALL) == 0);
  for (i_ : 1 .. ROWS) {
    if
    :: now_.row[i_].state == LIVE ->
      n_ = RANGE(now_.row[i_].through + 1, now_.row[i_].last);
      is_used_ = is_used_ && ((m_ & n_) == 0) && now_.row[i_].last <= CAPACITY;
      m_ = m_ | n_
    :: else
    fi
  };
  assert(is_used_ && m_ == ALL);   /* partition */
#endif
  check_remembered()
}

/* "remembered": while blocks are granted the coordinator knows every number that was handed out. */
inline check_remembered() {
#if defined(CHECK_REMEMBERED) && LOSS
  assert(!now_.open || (handed & ~ISSUED(now_)) == 0);   /* remembered */
#else
  skip
#endif
}

/* "answers": a coordinator that forgot nothing never contradicts a process that speaks for its lease. */
inline check_answer(answer) {
#if defined(CHECK_ANSWERS) && !LOSS
  assert((answer) != REFUSED);   /* answers */
#else
  skip
#endif
}

/* "no overlap": what a node reports is in nobody else's hands. It does not hold, see README.md. */
inline check_overlap(mask) {
#if defined(CHECK_NO_OVERLAP) && LOSS
  assert((mask) == 0);   /* no overlap */
#else
  skip
#endif
}

/* The things that the model must be able to do: checked by claiming that it never does them. */
inline reach_hand_out(p, n) {
#ifdef REACH_LAST_NUMBER
  assert((handed | BIT(n)) != ALL);
#endif
#ifdef REACH_EXPIRED_STOCK
  assert(proc[p].mode != USING || ROW(p).state != CLOSED);
#endif
  skip
}

inline reach_carved() {
#ifdef REACH_CARVED
  assert(false);
#endif
  skip
}

#ifdef LIVENESS
/* Once faults have stopped every number is issued, and no process keeps numbers that it committed ahead
   for nobody. Checked under weak fairness, from every state in which faults may stop. */
#define STUCK(p) \
  (proc[p].up && proc[p].mode != STOCK && proc[p].through > proc[p].handed && \
  proc[p].through > proc[p].kept)
#define all_issued (ISSUED(now_) == ALL && !STUCK(0) && !STUCK(1))
ltl progress { [] (calm -> <> all_issued) }
#endif
