// What proxyd asks of OpenSSL, where that takes macros, callbacks or loops over stacks, which Swift cannot write.
// Everything else it calls itself.
#ifndef COPENSSL_H
#define COPENSSL_H

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdint.h>

// MARK: The wire

// A socket under a TLS connection. It never blocks and never raises SIGPIPE.
struct copenssl_wire {
    int descriptor;
    // A receive has emptied the socket, so the next one waits for an event.
    bool is_dry;
    // A short receive says nothing: an end or urgent data may follow without another event.
    bool is_unsure;
    // The other side has ended its writes.
    bool has_ended;
    // What moved last was ours.
    bool has_spoken_last;
    // Of the last call that has failed; 0: none has. EBADMSG: too much has come that was nothing.
    int error;
    // Since this was set to 0. Changes of keys are free for the peer that sends them, and would keep a thread busy for ever.
    size_t received;
    // Records that are to leave together; NULL: each leaves at once.
    struct copenssl_outbox *outbox;
};

// So much may come in a row without a byte of plain text.
enum { COPENSSL_MOST_OVERHEAD = 262144 };

// Puts `wire` under `ssl`; it has to outlive it. 0: there is no memory.
int copenssl_set_wire(SSL *ssl, struct copenssl_wire *wire);
// From now on records are gathered, until they are flushed. Without memory each leaves at once.
void copenssl_gather(struct copenssl_wire *wire);
// Sends what was gathered: 1: all of it; 0: there is no room for the rest yet; -1: the connection has failed.
int copenssl_flush(struct copenssl_wire *wire);
// Gives back what it holds; the connection is no more.
void copenssl_close_wire(struct copenssl_wire *wire);

// MARK: Contexts

// NULL: there is no memory. Versions as 12 and 13; renegotiation and compression are off.
SSL_CTX *copenssl_context(bool is_server, int least, int most);
int copenssl_set_curves(SSL_CTX *context, const char *curves);
// The names that its clients may choose from, as on the wire; copied. A client that knows none is refused.
int copenssl_set_alpn(SSL_CTX *context, const unsigned char *names, size_t count);
// What is shown with the certificate that was used last to clients that ask for it; copied. 0: it is no good
// response (OCSP), or there is no memory.
int copenssl_set_staple(SSL_CTX *context, const unsigned char *der, size_t count);

// Called once the client's name is known, or that it has none (NULL). 0: it is refused.
typedef int (*copenssl_name_callback)(SSL *ssl, const char *name, void *client);
void copenssl_set_name_callback(SSL_CTX *context, copenssl_name_callback callback, void *client);

// A session that can be gone on with, which the callback keeps or not (1 or 0).
typedef int (*copenssl_session_callback)(SSL *ssl, SSL_SESSION *session, void *client);
void copenssl_set_session_callback(
    SSL_CTX *context, copenssl_session_callback callback, void *client);

// A client goes on with a session for at most a day after the server was verified.
enum { COPENSSL_LONGEST_CLIENT_SESSION = 86400 };
// Whether what the server has shown when it was verified is still good.
bool copenssl_may_resume(SSL_SESSION *session);

// MARK: Certificates and keys, all PEM in memory

// The number of certificates found; -1: one of them is none; -2: there is one already with the same kind of key.
int copenssl_use_chain(SSL_CTX *context, const void *pem, size_t count);

enum copenssl_key {
    COPENSSL_KEY_USED,
    COPENSSL_KEY_MISSING,
    // It is encrypted, and there is no passphrase.
    COPENSSL_KEY_LOCKED,
    COPENSSL_KEY_WRONG_PASSPHRASE,
    COPENSSL_KEY_OF_ANOTHER,
    COPENSSL_KEY_BROKEN,
};
enum copenssl_key copenssl_use_key(
    SSL_CTX *context, const void *pem, size_t count, const char *passphrase);

// Adds authorities, or revocations, to those that are believed; their number, or -1.
int copenssl_trust(SSL_CTX *context, const void *pem, size_t count, bool tells_clients);
int copenssl_revoke(SSL_CTX *context, const void *pem, size_t count);

// Names of hosts that the context's certificate is for, one per line; to be freed with copenssl_free_text.
char *copenssl_host_names(SSL_CTX *context);
// The last second of its certificate's time, in seconds since 1970; 0: it has none.
int64_t copenssl_not_after(SSL_CTX *context);
void copenssl_free_text(char *text);

// MARK: Tickets

// Keys of tickets, for any number of contexts and threads. A key encrypts for `lifetime` seconds, and what it has
// encrypted is understood for as long again.
struct copenssl_tickets;
struct copenssl_tickets *copenssl_tickets_new(uint32_t lifetime);
void copenssl_tickets_free(struct copenssl_tickets *tickets);
// A client goes on by tickets for at most `lifetime` seconds after it was verified, and not beyond the end of its certificates
// and of the lists of revocations. Without keys there are no tickets (NULL).
int copenssl_set_tickets(SSL_CTX *context, struct copenssl_tickets *tickets, uint32_t lifetime);

// MARK: Connections

void copenssl_set_server_name(SSL *ssl, const char *name);
// The name, or else the address, that the other side's certificate has to be for.
int copenssl_expect(SSL *ssl, const char *name, bool is_address);
// The subject (RFC 2253) and the common name of the other side's certificate, cut off to fit; false: it has none.
bool copenssl_subject(SSL *ssl, char *subject, size_t subject_size, char *name, size_t name_size);

// The first reason in this thread's queue, which is emptied; "" when there is none. Returns its code.
unsigned long copenssl_take_error(char *words, size_t size);

// Reasons that are told apart.
enum copenssl_reason {
    COPENSSL_OTHER,
    COPENSSL_UNEXPECTED_END,
    COPENSSL_BAD_CERTIFICATE,
    COPENSSL_NOT_TLS,
};
enum copenssl_reason copenssl_reason(unsigned long code);

#endif
