#include <libpq-fe.h>
// Not part of Swift's Glibc module: what wakes a connection's thread.
#include <sys/eventfd.h>

// The fields of an error. Swift does not take over macros that are a character.
enum LibPQErrorField {
  LIBPQ_FIELD_SEVERITY = PG_DIAG_SEVERITY_NONLOCALIZED,
  LIBPQ_FIELD_SQLSTATE = PG_DIAG_SQLSTATE,
  LIBPQ_FIELD_MESSAGE = PG_DIAG_MESSAGE_PRIMARY,
  LIBPQ_FIELD_DETAIL = PG_DIAG_MESSAGE_DETAIL,
  LIBPQ_FIELD_HINT = PG_DIAG_MESSAGE_HINT,
  LIBPQ_FIELD_CONSTRAINT = PG_DIAG_CONSTRAINT_NAME,
  LIBPQ_FIELD_FUNCTION = PG_DIAG_SOURCE_FUNCTION
};

#include <sys/prctl.h>

/// Gives the calling thread a name of up to 15 bytes, as `top -H` shows it.
static inline int libpq_name_this_thread(const char *name) {
  return prctl(PR_SET_NAME, name, 0, 0, 0);
}
