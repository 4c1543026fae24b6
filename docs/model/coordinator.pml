/* The functions of the coordinator. Each is one transaction, so one step; the lock order and the locks
   that make it so are not modelled. p is the calling process. The answer is left in answer_, a_ and b_. */

#if LOSS
inline add_issued(p, mask) {
  if
  :: p == 0 -> now_.issued0 = now_.issued0 | (mask)
  :: else -> now_.issued1 = now_.issued1 | (mask)
  fi
}

inline take_issued(mask) {
  now_.issued0 = now_.issued0 & ~(mask);
  now_.issued1 = now_.issued1 & ~(mask)
}
#else
#define add_issued(p, mask) now_.issued = now_.issued | (mask)
#define take_issued(mask) now_.issued = now_.issued & ~(mask)
#endif

/* serial.close_lease: what lies above through is free. */
inline close_lease(lease, new_through) {
  now_.free = now_.free | RANGE(new_through + 1, now_.row[lease].last);
  now_.row[lease].through = new_through;
  now_.row[lease].state = CLOSED;
  now_.row[lease].recalled = 0
}

/* serial.reap_counter, for one lease. Its clock is not modelled: see faults.pml. */
inline expire_lease(lease) {
#ifdef EXPIRY_FREES_COMMITTED
  take_issued(RANGE(now_.row[lease].first, now_.row[lease].through));
  close_lease(lease, now_.row[lease].first - 1)
#else
  close_lease(lease, now_.row[lease].through)
#endif
}

/* serial.register_boot: closes what older processes of the node hold. */
inline register_boot(p) {
  for (i_ : 1 .. ROWS) {
    if
    :: now_.row[i_].state == LIVE && (ONE_NODE || now_.row[i_].holder == p) ->
      close_lease(i_, now_.row[i_].through)
    :: else
    fi
  };
  now_.boots = (ONE_NODE -> (1 << p) : (now_.boots | (1 << p)))
}

/* serial.recall_leases: those of the other process. Left out where commits may be lost: a recall only forbids,
   and without it every process may do all that it may do with it. */
inline recall_leases(p) {
#if !defined(RECALL_LOST) && !LOSS
  for (i_ : 1 .. ROWS) {
    if
    :: now_.row[i_].state == LIVE && now_.row[i_].holder != p -> now_.row[i_].recalled = 1
    :: else
    fi
  }
#else
  skip
#endif
}

/* serial.acquire_blocks: one block, from the lowest free number, at most STEP long. */
inline acquire_blocks(p, lease) {
  answer_ = NOTHING;
  if
  :: now_.row[lease].state != NONE ->
    /* asked again */
    if
    :: now_.row[lease].state == LIVE ->
      answer_ = GRANTED; a_ = now_.row[lease].first; b_ = now_.row[lease].last
    :: else
    fi
  :: else ->
    if
    :: !now_.open || (now_.boots & (1 << p)) == 0
    :: else ->
      if
      :: now_.free == 0 -> recall_leases(p)
      :: else ->
        f_ = 1;
        do
        :: (now_.free & BIT(f_)) == 0 -> f_++
        :: else -> break
        od;
        l_ = f_;
        do
        :: l_ < CAPACITY && l_ - f_ + 1 < STEP && (now_.free & BIT(l_ + 1)) != 0 -> l_++
        :: else -> break
        od;
#ifdef LAST_SHORT_BLOCK
        /* the end is clamped to the capacity, the beginning is counted back from it */
        if
        :: l_ == CAPACITY && l_ - f_ + 1 < STEP -> f_ = CAPACITY - STEP + 1
        :: else
        fi;
#endif
        now_.free = now_.free & ~RANGE(f_, l_);
        now_.row[lease].state = LIVE;
        now_.row[lease].holder = p;
        now_.row[lease].first = f_;
        now_.row[lease].last = l_;
        now_.row[lease].through = f_ - 1;
        now_.row[lease].attempt = 0;
        answer_ = GRANTED; a_ = f_; b_ = l_
      fi
    fi
  fi
}

/* serial.commit_numbers, for one lease. lines: through which number the log gets lines. */
inline commit_numbers(p, lease, first_, expected, new_through, with_attempt, lines) {
  t_ = lease;
#ifdef COMMIT_WITHOUT_TOKEN
  /* whoever's lease the numbers lie in */
  for (i_ : 1 .. ROWS) {
    if
    :: now_.row[i_].state == LIVE && now_.row[i_].through == expected &&
        now_.row[i_].first <= expected + 1 && expected < now_.row[i_].last -> t_ = i_
    :: else
    fi
  };
#endif
  if
  :: now_.row[t_].state == NONE -> answer_ = REFUSED
#ifndef COMMIT_WITHOUT_TOKEN
  :: now_.row[t_].state != NONE &&
      (now_.row[t_].attempt != with_attempt || now_.row[t_].first != first_) -> answer_ = REFUSED
#endif
  :: else ->
    if
    :: now_.row[t_].through != expected || now_.row[t_].last < new_through -> answer_ = REFUSED
    :: else ->
      if
      :: now_.row[t_].state == LIVE ->
        add_issued(now_.row[t_].holder, RANGE(expected + 1, new_through));
        now_.logged = now_.logged | RANGE(expected + 1, lines);
        now_.row[t_].through = new_through;
        answer_ = DONE; a_ = now_.row[t_].recalled
      :: else -> answer_ = IS_CLOSED
      fi
    fi
  fi
}

/* serial.read_back. */
inline read_back(lease, first_, new_attempt) {
  if
  :: now_.row[lease].state == NONE || now_.row[lease].first != first_ -> answer_ = REFUSED
  :: else ->
#ifdef READ_BACK_COUNTS_UP
    now_.row[lease].attempt = (now_.row[lease].attempt + 1) & 3;
#endif
#if !defined(READ_BACK_WITHOUT_FENCE) && !defined(READ_BACK_COUNTS_UP)
    now_.row[lease].attempt =
      (now_.row[lease].attempt > new_attempt -> now_.row[lease].attempt : new_attempt);
#endif
    a_ = now_.row[lease].through;
    if
    :: now_.row[lease].state == LIVE -> answer_ = IS_LIVE; b_ = now_.row[lease].recalled
    :: else -> answer_ = IS_CLOSED
    fi
  fi
}

/* serial.release_leases, for one lease. */
inline release_leases(lease, kept_through) {
  if
  :: now_.row[lease].state == NONE -> answer_ = REFUSED
#ifndef LATE_RELEASE_AFTER_REGRANT
  :: now_.row[lease].state == RELEASED -> answer_ = IS_RELEASED; a_ = now_.row[lease].through
#endif
  :: else ->
    if
    :: kept_through > now_.row[lease].through || kept_through < now_.row[lease].first - 1 ->
      answer_ = REFUSED
    :: else ->
      /* no number comes back that has a line, or that a report proved issued */
      t_ = (now_.row[lease].carved -> now_.row[lease].through : kept_through);
      for (i_ : 1 .. CAPACITY) {
        if
        :: i_ > t_ && i_ >= now_.row[lease].first && i_ <= now_.row[lease].through &&
            (now_.logged & BIT(i_)) != 0 -> t_ = i_
        :: else
        fi
      };
      take_issued(RANGE(t_ + 1, now_.row[lease].through));
#ifdef LATE_RELEASE_AFTER_REGRANT
      /* what it gave back is given back again */
      l_ = (now_.row[lease].state == CLOSED -> now_.row[lease].through : now_.row[lease].last);
#else
      l_ = (now_.row[lease].state == LIVE -> now_.row[lease].last : now_.row[lease].through);
#endif
      now_.free = now_.free | RANGE(t_ + 1, l_);
      now_.row[lease].through = t_;
#ifndef RELEASE_NOT_CLOSED
      now_.row[lease].state = RELEASED;
#endif
      now_.row[lease].recalled = 0;
      answer_ = IS_RELEASED; a_ = t_
    fi
  fi
}

/* One request, as packed by network.pml, in one step. */
inline handle(request) {
  m_ = request;
  answer_ = 0; a_ = 0; b_ = 0;
  if
  :: CALL(m_) == ACQUIRE -> acquire_blocks(CALLER(m_), ID(m_))
  :: CALL(m_) == COMMIT ->
    commit_numbers(CALLER(m_), ID(m_), FIRST(m_), EXPECTED(m_), THROUGH(m_), ATTEMPT(m_),
      THROUGH(m_) - IS_AHEAD(m_))
  :: CALL(m_) == READ_BACK -> read_back(ID(m_), FIRST(m_), ATTEMPT(m_))
  :: CALL(m_) == RELEASE -> release_leases(ID(m_), EXPECTED(m_))
  fi;
  check_ledger()
}
