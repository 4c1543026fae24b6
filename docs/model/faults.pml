/* What happens to the cluster. */

/* A live lease expires at any moment; in calm weather only when no process renews it. */
#define EXPIRES(i) \
  (now_.row[i].state == LIVE && (!calm || !IS_RENEWED(i)))

#define expiry(i) \
  :: d_step { EXPIRES(i) -> expire_lease(i); expire_snapshot(i); check_ledger(); tidy() }

#define late_request(j) \
  :: d_step { late[j] != 0 -> m_ = late[j]; remove_late(j); handle(m_); tidy() } \
  :: d_step { !calm && late[j] != 0 -> m_ = late[j]; handle(m_); tidy() } \
  :: d_step { !calm && late[j] != 0 -> remove_late(j); tidy() }

active proctype Faults() {
  d_step {
    now_.free = ALL;
    now_.open = 1;
    check_ledger()
  };
  run Node(0);
  run Node(1);
  do
  expiry(1)
  expiry(2)
#if ROWS > 2
  expiry(3)
#endif
#if ROWS > 3
  expiry(4)
#endif
#if LATE > 0
  late_request(0)
#endif
#if LATE > 1
  late_request(1)
#endif
#if LOSS
  :: d_step { !calm && loss == 0 -> copy_ledger(then_, now_); loss = 1 }
  :: d_step { !calm && loss == 1 ->
    copy_ledger(now_, then_); clear_ledger(then_); loss = 2;
    notice_start(); check_ledger(); tidy() }
#endif
#ifdef LIVENESS
  /* Faults stop. Callers stay at one process, or at both. */
  :: d_step { !calm -> calm = 1; demand = 1 }
  :: d_step { !calm -> calm = 1; demand = 2 }
  :: d_step { !calm -> calm = 1; demand = 3 }
#endif
  od
}
