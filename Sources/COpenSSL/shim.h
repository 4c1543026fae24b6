#include <openssl/ssl.h>
#include <openssl/x509.h>

// Swift does not take over the macro.
static const unsigned long openssl_name_flags_rfc2253 = XN_FLAG_RFC2253;
