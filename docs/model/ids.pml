/* Names. The id of a lease is random in truth, and never made twice. Here row p + 1 is the lease that
   process p has or asks for. What is left of an earlier one, a row that nobody closed yet or a late request
   for it, moves to another row before the process makes a new name: a renaming that changes nothing. */

#define IS_HELD(lease) ((lease) <= 2 && proc[(lease) - 1].named)
#define IS_RENEWED(lease) ((lease) <= 2 && proc[(lease) - 1].mode == USING)

#if LATE == 0
#define IS_LATE(lease) false
#elif LATE == 1
#define IS_LATE(lease) (late[0] != 0 && ID(late[0]) == (lease))
#else
#define IS_LATE(lease) \
  ((late[0] != 0 && ID(late[0]) == (lease)) || (late[1] != 0 && ID(late[1]) == (lease)))
#endif
#if LOSS
#define IS_THEN(lease) (then_.row[lease].state != NONE)
#else
#define IS_THEN(lease) false
#endif

/* Something but the process that holds it may still speak of the lease. */
#define IS_LEFT(lease) (now_.row[lease].state != NONE || IS_LATE(lease) || IS_THEN(lease))
#if ROWS == 2
#define IS_NAME_LEFT(p) (!IS_LEFT((p) + 1))
#elif ROWS == 3
#define IS_NAME_LEFT(p) (!IS_LEFT((p) + 1) || !IS_LEFT(3))
#else
#define IS_NAME_LEFT(p) (!IS_LEFT((p) + 1) || !IS_LEFT(3) || !IS_LEFT(4))
#endif

inline move_row(ledger, to, from) {
  ledger.row[to].state = ledger.row[from].state;
  ledger.row[to].holder = ledger.row[from].holder;
  ledger.row[to].first = ledger.row[from].first;
  ledger.row[to].last = ledger.row[from].last;
  ledger.row[to].through = ledger.row[from].through;
  ledger.row[to].attempt = ledger.row[from].attempt;
  ledger.row[to].recalled = ledger.row[from].recalled;
  ledger.row[to].carved = ledger.row[from].carved;
  clear_row(ledger, from)
}

inline clear_row(ledger, lease) {
  ledger.row[lease].state = NONE;
  ledger.row[lease].holder = 0;
  ledger.row[lease].first = 0;
  ledger.row[lease].last = 0;
  ledger.row[lease].through = 0;
  ledger.row[lease].attempt = 0;
  ledger.row[lease].recalled = 0;
  ledger.row[lease].carved = 0
}

inline free_name(p) {
  if
  :: IS_LEFT(p + 1) ->
    j_ = 3;
    do
    :: IS_LEFT(j_) -> j_++
    :: else -> break
    od;
    move_row(now_, j_, p + 1);
#if LOSS
    move_row(then_, j_, p + 1);
#endif
#if LATE > 0
    for (i_ : 0 .. LATE - 1) {
      if
      :: late[i_] != 0 && ID(late[i_]) == p + 1 -> late[i_] = late[i_] + ((j_ - p - 1) << 3)
      :: else
      fi
    }
#endif
#if LATE == 2
    ;
    if
    :: late[0] < late[1] -> n_ = late[0]; late[0] = late[1]; late[1] = n_
    :: else
    fi
#endif
  :: else
  fi
}

/* A late request that can do nothing any more, whatever happens, is dropped: the state without it is
   the same. Each rule says why. Not with a planted bug that makes one of them wrong. */
#if !defined(COMMIT_WITHOUT_TOKEN) && !defined(RELEASE_NOT_CLOSED) && \
  !defined(LATE_RELEASE_AFTER_REGRANT) && !defined(READ_BACK_WITHOUT_FENCE) && \
  !defined(READ_BACK_COUNTS_UP) && !defined(RENEWAL_REVIVES)
#define DROPS_DEAD
#endif
#if LOSS
#define CAN_GO_BACK (loss != 2)
#else
#define CAN_GO_BACK false
#endif
#define ROW_OF(m) now_.row[ID(m)]
#define IS_DEAD(m) ((m) != 0 && !CAN_GO_BACK && ( \
  /* granted already; ids are not used again while a request names them */ \
  (CALL(m) == ACQUIRE && ROW_OF(m).state != NONE) || \
  /* a closed lease stays closed; through and attempt only rise while it is live */ \
  (CALL(m) == COMMIT && (ROW_OF(m).state >= CLOSED || ROW_OF(m).attempt > ATTEMPT(m) || \
    ROW_OF(m).through > EXPECTED(m))) || \
  (CALL(m) == READ_BACK && ROW_OF(m).state != NONE && ROW_OF(m).attempt >= ATTEMPT(m)) || \
  (CALL(m) == RELEASE && ROW_OF(m).state == RELEASED)))

/* The row of a closed lease that nothing speaks of any more is of no more use to the model: what was
   issued is in the ledger's set of issued numbers. The same in what may come back: a name that no process
   holds now will not be held then. A name that is in one of the two ledgers is not made again. */
#if LOSS
#define IS_OVER(ledger, lease) (ledger.row[lease].state >= CLOSED && !IS_HELD(lease) && !IS_LATE(lease))
inline tidy_then(lease) {
  if
  :: IS_OVER(then_, lease) -> clear_row(then_, lease)
  :: else
  fi
}
#else
#define tidy_then(lease) skip
#endif

inline tidy() {
#if LATE > 0 && defined(DROPS_DEAD)
  for (j_ : 0 .. LATE - 1) {
    if
    :: IS_DEAD(late[LATE - 1 - j_]) -> remove_late(LATE - 1 - j_)
    :: else
    fi
  };
#endif
  for (i_ : 1 .. ROWS) {
    if
    :: now_.row[i_].state == CLOSED || now_.row[i_].state == RELEASED ->
      if
      :: !IS_HELD(i_) && !IS_LATE(i_) -> clear_row(now_, i_)
      :: else
      fi
    :: else
    fi;
    tidy_then(i_)
  };
  skip   /* a d_step may not end in a loop */
}

/* A new boot is registered: acquires of the older one are refused from now on. */
inline drop_late_acquires(p) {
#if LATE > 0
  for (j_ : 0 .. LATE - 1) {
    if
    :: late[LATE - 1 - j_] != 0 && CALL(late[LATE - 1 - j_]) == ACQUIRE &&
        CALLER(late[LATE - 1 - j_]) == p -> remove_late(LATE - 1 - j_)
    :: else
    fi
  }
#else
  skip
#endif
}
