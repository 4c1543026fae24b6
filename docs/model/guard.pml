/* The loss of the coordinator's latest commits: it comes back as it was at an earlier moment. */

#if LOSS
/* Nobody reads it after the report: the loss comes once. */
#ifdef NO_GUARD
#define IS_READ(p) false
#else
#define IS_READ(p) (loss != 2 || IS_BEHIND(p))
#endif
#define write_journal(p, mask) settle_journal(p, mask, 0)

/* A lease is settled: what stays issued of it, and what does not. */
#define settle_journal(p, issued, given_back) \
  journal0 = (p == 0 && IS_READ(p) -> (journal0 | (issued)) & ~(given_back) : journal0); \
  journal1 = (p == 1 && IS_READ(p) -> (journal1 | (issued)) & ~(given_back) : journal1)

#define drop_journal(p) \
  journal0 = (p == 0 -> 0 : journal0); \
  journal1 = (p == 1 -> 0 : journal1)

/* A snapshot from before this registration does not know the boot. */
#define register_then(p) then_.boots = then_.boots & ~(1 << p)

/* A repeated acquire is granted what the first one was. */
#ifdef REPEAT_COUNTS_ANEW
#define CAN_LAPSE(p) (proc[p].mode != ASKING)
#else
#define CAN_LAPSE(p) true
#endif

/* A lease that expires is expired in the restored coordinator too, unless its clock is behind: then it is live
   again there. The clock of its holder has gone on: it counts the lease as lapsed from when it first sent the
   request that granted or renewed it, so no later than the coordinator does. Where the coordinator says by
   itself that the lease is closed, a lapse makes no difference, and is left out. */
inline expire_snapshot(lease) {
  if
  :: then_.row[lease].state == LIVE ->
#ifndef CLOCK_BEHIND
    then_.free = then_.free | RANGE(then_.row[lease].through + 1, then_.row[lease].last);
    then_.row[lease].state = CLOSED;
    then_.row[lease].recalled = 0
#endif
#if defined(CLOCK_BEHIND) && !defined(NO_LAPSE)
    for (j_ : 0 .. 1) {
      if
      :: lease == j_ + 1 && proc[j_].named && CAN_LAPSE(j_) -> proc[j_].lapsed = 1
      :: else
      fi
    }
#endif
  :: else
  fi
}

#define HAS_LAPSED(p) proc[p].lapsed
#else
#define expire_snapshot(lease) skip
#define HAS_LAPSED(p) false
#define write_journal(p, mask) skip
#define settle_journal(p, issued, given_back) skip
#define register_then(p) skip
#endif

#if LOSS

inline copy_ledger(to, from) {
  to.free = from.free;
  to.issued0 = from.issued0;
  to.issued1 = from.issued1;
  to.logged = from.logged;
  to.boots = from.boots;
  to.reported = from.reported;
  to.open = from.open;
  for (i_ : 1 .. ROWS) {
    to.row[i_].state = from.row[i_].state;
    to.row[i_].holder = from.row[i_].holder;
    to.row[i_].first = from.row[i_].first;
    to.row[i_].last = from.row[i_].last;
    to.row[i_].through = from.row[i_].through;
    to.row[i_].attempt = from.row[i_].attempt;
    to.row[i_].recalled = from.row[i_].recalled;
    to.row[i_].carved = from.row[i_].carved
  }
}

inline clear_ledger(x) {
  x.free = 0; x.issued0 = 0; x.issued1 = 0; x.logged = 0; x.boots = 0; x.reported = 0; x.open = 0;
  for (i_ : 1 .. ROWS) {
    clear_row(x, i_)
  }
}

/* serial.notice_start: it knows that it is on another timeline before it grants anything. */
inline notice_start() {
#ifndef NO_GUARD
  now_.open = 0;
  now_.reported = 0;
  behind = 3;
#else
  skip
#endif
}

/* serial.report_holdings and serial.carve_out, with the exact journal of a node. */
inline report_holdings(p) {
  m_ = (p == 0 -> journal0 & ~now_.issued0 : journal1 & ~now_.issued1);   /* v_missing */
  n_ = 0;                                                       /* v_held */
  /* its own live leases are closed through what it issued */
  for (i_ : 1 .. ROWS) {
    f_ = now_.row[i_].first; l_ = now_.row[i_].last;
    if
    :: now_.row[i_].state == LIVE && now_.row[i_].holder == p && (m_ & RANGE(f_, l_)) != 0 ->
      t_ = l_;
      do
      :: (m_ & BIT(t_)) == 0 -> t_--
      :: else -> break
      od;
      n_ = n_ | RANGE(f_, l_);
      add_issued(p, RANGE(now_.row[i_].through + 1, t_));
      close_lease(i_, t_);
      now_.row[i_].carved = 1;
      reach_carved()
    :: else
    fi
  };
  m_ = m_ & ~n_;
  /* those of others that hold some of it are closed at what they committed */
  for (i_ : 1 .. ROWS) {
    f_ = now_.row[i_].first; l_ = now_.row[i_].last;
    if
    :: now_.row[i_].state == LIVE && now_.row[i_].holder != p && (m_ & RANGE(f_, l_)) != 0 ->
      close_lease(i_, now_.row[i_].through)
    :: else
    fi
  };
  if
  :: (m_ & now_.free) != 0 ->
    add_issued(p, m_ & now_.free);
    n_ = m_ & now_.free;
    now_.free = now_.free & ~n_;
    m_ = m_ & ~n_;
    reach_carved()
  :: else
  fi;
  check_overlap(m_);
#ifndef OVERLAP_COMES_BACK
  /* no release gives back what somebody else issued */
  for (i_ : 1 .. ROWS) {
    if
    :: (now_.row[i_].state == LIVE || now_.row[i_].state == CLOSED) &&
        (m_ & RANGE(now_.row[i_].first, now_.row[i_].through)) != 0 -> now_.row[i_].carved = 1
    :: else
    fi
  };
#endif
  now_.reported = now_.reported | (1 << p);
  now_.open = (ONE_NODE || now_.reported == 3)
}
#endif
