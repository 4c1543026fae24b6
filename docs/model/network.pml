/* Requests. A process waits for one call at a time, and a call goes one of these ways:
     - the request is handled, and the process hears the answer;
     - it is handled, and the answer is lost;
     - it is lost, or lies in late[], and the process hears nothing;
     - it is handled and answered, and lies in late[] as well.
   What lies in late[] is handled at any later time, several times, or never. That sending and handling
   are one step loses nothing: what a request says depends on nothing that the process may change while
   it waits. An answer never reaches another call than its own (it comes on the connection that waits for
   it), so what late requests answer is lost. */

#define CALL(m) ((m) & 7)
#define ID(m) (((m) >> 3) & 7)
#define EXPECTED(m) (((m) >> 6) & 7)   /* commit: from where; release: what is kept */
#define THROUGH(m) (((m) >> 9) & 7)
#define ATTEMPT(m) (((m) >> 12) & 3)
#define IS_AHEAD(m) (((m) >> 14) & 1)
#define CALLER(m) (((m) >> 15) & 1)
#define FIRST(m) (((m) >> 16) & 7)     /* with EXPECTED it stands for the revision */

/* The request of a call, into m_. */
inline pack(p, call_) {
  m_ = call_ | ((p + 1) << 3) | (p << 15);
  if
  :: call_ == COMMIT ->
    m_ = m_ | (proc[p].through << 6) | (proc[p].target << 9) | (proc[p].attempt << 12) |
      (proc[p].ahead << 14) | (proc[p].first << 16)
  :: call_ == READ_BACK -> m_ = m_ | ((proc[p].attempt + 1) << 12) | (proc[p].first << 16)
  :: call_ == RELEASE -> m_ = m_ | (KEPT(p) << 6)
  :: else
  fi
}

#define IS_ROOM(call_) \
  (LATE > 0 && late[LATE - (LATE > 0)] == 0 && ((LATE_CALLS >> (call_)) & 1) != 0)

/* Puts m_ among the late requests. Sorted, so that their order makes no difference. */
inline send_late() {
  i_ = LATE - 1;
  late[i_] = m_;
  do
  :: i_ > 0 && late[i_ - 1] < late[i_] ->
    n_ = late[i_]; late[i_] = late[i_ - 1]; late[i_ - 1] = n_; i_--
  :: else -> break
  od
}

inline remove_late(j) {
  i_ = j;
  do
  :: i_ < LATE - 1 -> late[i_] = late[i_ + 1]; i_++
  :: else -> late[i_] = 0; break
  od
}
