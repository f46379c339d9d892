#include "COpenSSL.h"

#include <errno.h>
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

// MARK: The wire (BIO_meth_new(3))

static BIO_METHOD *wire_method;

// As much as one send of a flow comes to, with what TLS adds to its records.
enum { outbox_size = 65536 + 4096 };

struct copenssl_outbox {
    size_t start, end;
    unsigned char bytes[outbox_size];
};

// Of this thread, for the next connection that gathers: hardly ever is more than one in use.
static _Thread_local struct copenssl_outbox *spare;

void copenssl_gather(struct copenssl_wire *wire) {
    if (wire->outbox != NULL) return;
    wire->outbox = spare != NULL ? spare : OPENSSL_malloc(sizeof *spare);
    spare = NULL;
    if (wire->outbox != NULL) wire->outbox->start = wire->outbox->end = 0;
}

static void give_back(struct copenssl_wire *wire) {
    if (spare == NULL) {
        spare = wire->outbox;
    } else {
        OPENSSL_free(wire->outbox);
    }
    wire->outbox = NULL;
}

static ssize_t send_on(struct copenssl_wire *wire, const void *bytes, size_t size) {
    ssize_t sent;
    // After a signal again: no event would tell of a socket that is still ready.
    do {
        sent = send(wire->descriptor, bytes, size, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0) {
        wire->has_spoken_last = true;
    } else if (errno != EAGAIN) {
        wire->error = errno;
    }
    return sent;
}

int copenssl_flush(struct copenssl_wire *wire) {
    struct copenssl_outbox *outbox = wire->outbox;
    if (outbox == NULL) return 1;
    while (outbox->start < outbox->end) {
        ssize_t sent = send_on(wire, outbox->bytes + outbox->start, outbox->end - outbox->start);
        if (sent < 0) return wire->error == 0 ? 0 : -1;
        outbox->start += (size_t)sent;
    }
    give_back(wire);
    return 1;
}

void copenssl_close_wire(struct copenssl_wire *wire) {
    if (wire->outbox != NULL) give_back(wire);
}

static int wire_read(BIO *bio, char *space, size_t size, size_t *count) {
    struct copenssl_wire *wire = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (wire->is_dry) {
        BIO_set_retry_read(bio);
        return 0;
    }
    if (wire->received >= COPENSSL_MOST_OVERHEAD) {
        wire->error = EBADMSG;
        return 0;
    }
    ssize_t received;
    do {
        received = recv(wire->descriptor, space, size, 0);
    } while (received < 0 && errno == EINTR);
    if (received > 0) {
        wire->received += (size_t)received;
        if ((size_t)received < size && !wire->is_unsure) wire->is_dry = true;
        wire->has_spoken_last = false;
        *count = (size_t)received;
        return 1;
    }
    if (received == 0) {
        wire->has_ended = true;
    } else if (errno == EAGAIN) {
        wire->is_dry = true;
        BIO_set_retry_read(bio);
    } else {
        wire->error = errno;
    }
    return 0;
}

static int wire_write(BIO *bio, const char *bytes, size_t size, size_t *count) {
    struct copenssl_wire *wire = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    struct copenssl_outbox *outbox = wire->outbox;
    if (outbox != NULL) {
        size_t room = outbox_size - outbox->end;
        if (room == 0) {
            BIO_set_retry_write(bio);
            return 0;
        }
        *count = size < room ? size : room;
        memcpy(outbox->bytes + outbox->end, bytes, *count);
        outbox->end += *count;
        return 1;
    }
    ssize_t sent = send_on(wire, bytes, size);
    if (sent >= 0) {
        *count = (size_t)sent;
        return 1;
    }
    if (wire->error == 0) BIO_set_retry_write(bio);
    return 0;
}

static long wire_control(BIO *bio, int command, long number, void *pointer) {
    (void)number;
    (void)pointer;
    struct copenssl_wire *wire = BIO_get_data(bio);
    switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_EOF: return wire->has_ended;
    default: return 0;
    }
}

static int alpn_index, staple_index, name_index, session_index, deadline_index, lists_index;

struct bytes {
    size_t count;
    // Aligned for pointers, as `count` is.
    unsigned char content[];
};

static void free_bytes(void *parent, void *pointer, CRYPTO_EX_DATA *data, int index, long l, void *p) {
    (void)parent, (void)data, (void)index, (void)l, (void)p;
    OPENSSL_free(pointer);
}

static void set_up(void) {
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
    if (method == NULL || !BIO_meth_set_read_ex(method, wire_read)
        || !BIO_meth_set_write_ex(method, wire_write) || !BIO_meth_set_ctrl(method, wire_control))
        return;
    alpn_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_bytes);
    staple_index = X509_get_ex_new_index(0, NULL, NULL, NULL, free_bytes);
    name_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    session_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_bytes);
    deadline_index = SSL_SESSION_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    lists_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    wire_method = method;
}

static bool is_set_up(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_up);
    return wire_method != NULL;
}

int copenssl_set_wire(SSL *ssl, struct copenssl_wire *wire) {
    BIO *bio = BIO_new(wire_method);
    if (bio == NULL) return 0;
    BIO_set_data(bio, wire);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    return 1;
}

// MARK: Contexts

static int version(int number) { return number == 12 ? TLS1_2_VERSION : TLS1_3_VERSION; }

SSL_CTX *copenssl_context(bool is_server, int least, int most) {
    if (!is_set_up()) return NULL;
    SSL_CTX *context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
    if (context == NULL) return NULL;
    if (!SSL_CTX_set_min_proto_version(context, version(least))
        || !SSL_CTX_set_max_proto_version(context, version(most))) {
        SSL_CTX_free(context);
        return NULL;
    }
    SSL_CTX_set_options(
        context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE
                     | SSL_OP_PRIORITIZE_CHACHA
                     // Or nothing could be sent any more to a peer that has ended without TLS's own end; the wire
                     // tells the two apart.
                     | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(
        context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                     | SSL_MODE_RELEASE_BUFFERS);
    // Several records at a time, instead of five bytes and then the rest of one.
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, 65536);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    return context;
}

int copenssl_set_curves(SSL_CTX *context, const char *curves) {
    return SSL_CTX_set1_curves_list(context, curves) == 1;
}

static struct bytes *copy(const unsigned char *content, size_t count) {
    struct bytes *bytes = OPENSSL_malloc(sizeof *bytes + count);
    if (bytes == NULL) return NULL;
    bytes->count = count;
    memcpy(bytes->content, content, count);
    return bytes;
}

static int choose_alpn(
    SSL *ssl, const unsigned char **chosen, unsigned char *chosen_count, const unsigned char *offered,
    unsigned int offered_count, void *argument) {
    (void)ssl;
    struct bytes *ours = argument;
    unsigned char *found;
    if (SSL_select_next_proto(
            &found, chosen_count, ours->content, (unsigned int)ours->count, offered, offered_count)
        != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

int copenssl_set_alpn(SSL_CTX *context, const unsigned char *names, size_t count) {
    struct bytes *bytes = copy(names, count);
    if (bytes == NULL) return 0;
    SSL_CTX_set_ex_data(context, alpn_index, bytes);
    SSL_CTX_set_alpn_select_cb(context, choose_alpn, bytes);
    return 1;
}

static int show_staple(SSL *ssl, void *argument) {
    (void)argument;
    // Of the certificate that the name and the ciphers have led to.
    X509 *shown = SSL_get_certificate(ssl);
    struct bytes *staple = shown == NULL ? NULL : X509_get_ex_data(shown, staple_index);
    if (staple == NULL) return SSL_TLSEXT_ERR_NOACK;
    unsigned char *ours = OPENSSL_memdup(staple->content, staple->count);
    if (ours == NULL) return SSL_TLSEXT_ERR_NOACK;
    SSL_set_tlsext_status_ocsp_resp(ssl, ours, (long)staple->count);
    return SSL_TLSEXT_ERR_OK;
}

int copenssl_set_staple(SSL_CTX *context, const unsigned char *der, size_t count) {
    X509 *certificate = SSL_CTX_get0_certificate(context);
    const unsigned char *rest = der;
    OCSP_RESPONSE *response = count <= LONG_MAX ? d2i_OCSP_RESPONSE(NULL, &rest, (long)count) : NULL;
    bool is_good = response != NULL && OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL;
    OCSP_RESPONSE_free(response);
    ERR_clear_error();
    if (!is_good || certificate == NULL) return 0;
    struct bytes *bytes = copy(der, count);
    if (bytes == NULL) return 0;
    if (X509_set_ex_data(certificate, staple_index, bytes)) return 1;
    OPENSSL_free(bytes);
    return 0;
}

static int take_name(SSL *ssl, int *alert, void *argument) {
    copenssl_name_callback callback = (copenssl_name_callback)argument;
    void *client = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), name_index);
    if (callback(ssl, SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name), client))
        return SSL_TLSEXT_ERR_OK;
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

void copenssl_set_name_callback(SSL_CTX *context, copenssl_name_callback callback, void *client) {
    SSL_CTX_set_ex_data(context, name_index, client);
    SSL_CTX_set_tlsext_servername_arg(context, (void *)callback);
    SSL_CTX_set_tlsext_servername_callback(context, take_name);
    SSL_CTX_set_tlsext_status_cb(context, show_staple);
}

// MARK: How long a session may be gone on with

static int64_t seconds(const ASN1_TIME *time) {
    struct tm parts;
    return time != NULL && ASN1_TIME_to_tm(time, &parts) ? (int64_t)timegm(&parts) : INT64_MAX;
}

// The last second at which what the other side has shown in a full handshake is good: no certificate of its chain has ended,
// and no list of revocations is out of date.
static int64_t last_second(SSL *ssl) {
    int64_t last = INT64_MAX;
    STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
    for (int index = 0; index < sk_X509_num(chain); index++) {
        int64_t end = seconds(X509_get0_notAfter(sk_X509_value(chain, index)));
        if (end < last) last = end;
    }
    int64_t lists = (int64_t)(intptr_t)SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), lists_index);
    return chain != NULL && lists != 0 && lists < last ? lists : last;
}

struct session_client {
    copenssl_session_callback callback;
    void *client;
};

static int take_session(SSL *ssl, SSL_SESSION *session) {
    // A session of a resumed connection has the deadline of the one that it goes on with.
    if (!SSL_session_reused(ssl)) {
        int64_t last = last_second(ssl), longest = (int64_t)time(NULL) + COPENSSL_LONGEST_CLIENT_SESSION;
        SSL_SESSION_set_ex_data(session, deadline_index, (void *)(intptr_t)(last < longest ? last : longest));
    }
    struct bytes *bytes = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), session_index);
    struct session_client *kept = (struct session_client *)bytes->content;
    return kept->callback(ssl, session, kept->client);
}

bool copenssl_may_resume(SSL_SESSION *session) {
    return (int64_t)time(NULL) <= (int64_t)(intptr_t)SSL_SESSION_get_ex_data(session, deadline_index);
}

void copenssl_set_session_callback(
    SSL_CTX *context, copenssl_session_callback callback, void *client) {
    struct session_client kept = {callback, client};
    struct bytes *bytes = copy((const unsigned char *)&kept, sizeof kept);
    if (bytes == NULL) return;
    SSL_CTX_set_ex_data(context, session_index, bytes);
    SSL_CTX_set_session_cache_mode(
        context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(context, take_session);
}

// MARK: Certificates and keys

// Never asks a terminal.
static int tell_passphrase(char *space, int size, int is_writing, void *argument) {
    (void)is_writing;
    if (argument == NULL) return -1;
    size_t count = strlen(argument);
    if (count > (size_t)size) return -1;
    memcpy(space, argument, count);
    return (int)count;
}

static BIO *reader(const void *pem, size_t count) {
    return count <= INT_MAX ? BIO_new_mem_buf(pem, (int)count) : NULL;
}

static bool is_end_of_file(void) {
    unsigned long error = ERR_peek_last_error();
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

// How many were found, if all of them were good and nothing but the end came after them; or else -1.
static int close_reader(BIO *bio, int found) {
    if (found >= 0 && !is_end_of_file()) found = -1;
    if (found >= 0) ERR_clear_error();
    BIO_free(bio);
    return found;
}

static bool has_kind(SSL_CTX *context, X509 *certificate) {
    int kind = EVP_PKEY_get_base_id(X509_get0_pubkey(certificate));
    for (long more = SSL_CTX_set_current_cert(context, SSL_CERT_SET_FIRST); more == 1;
         more = SSL_CTX_set_current_cert(context, SSL_CERT_SET_NEXT)) {
        EVP_PKEY *known = X509_get0_pubkey(SSL_CTX_get0_certificate(context));
        if (known != NULL && EVP_PKEY_get_base_id(known) == kind) return true;
    }
    return false;
}

int copenssl_use_chain(SSL_CTX *context, const void *pem, size_t count) {
    BIO *bio = reader(pem, count);
    if (bio == NULL) return -1;
    int found = 0;
    X509 *certificate;
    while ((certificate = PEM_read_bio_X509_AUX(bio, NULL, tell_passphrase, NULL)) != NULL) {
        if (found == 0 && has_kind(context, certificate)) {
            X509_free(certificate);
            BIO_free(bio);
            return -2;
        }
        bool is_used = found == 0
                           ? SSL_CTX_use_certificate(context, certificate) && SSL_CTX_clear_chain_certs(context)
                           : SSL_CTX_add1_chain_cert(context, certificate);
        X509_free(certificate);
        if (!is_used) {
            found = -1;
            break;
        }
        found += 1;
    }
    return close_reader(bio, found);
}

static enum copenssl_key key_problem(const char *passphrase) {
    unsigned long error;
    enum copenssl_key problem = COPENSSL_KEY_BROKEN;
    while ((error = ERR_get_error()) != 0) {
        int library = ERR_GET_LIB(error), reason = ERR_GET_REASON(error);
        if (library == ERR_LIB_PEM
            && (reason == PEM_R_BAD_PASSWORD_READ || reason == PEM_R_BAD_DECRYPT))
            problem = passphrase == NULL ? COPENSSL_KEY_LOCKED : COPENSSL_KEY_WRONG_PASSPHRASE;
        if (library == ERR_LIB_EVP || library == ERR_LIB_PROV || library == ERR_LIB_PKCS12)
            problem = passphrase == NULL ? COPENSSL_KEY_LOCKED : COPENSSL_KEY_WRONG_PASSPHRASE;
    }
    return problem;
}

enum copenssl_key copenssl_use_key(
    SSL_CTX *context, const void *pem, size_t count, const char *passphrase) {
    // What OpenSSL says of a file without one is the same as of a broken one.
    static const char mark[] = "PRIVATE KEY-----";
    if (memmem(pem, count, mark, sizeof mark - 1) == NULL) return COPENSSL_KEY_MISSING;
    BIO *bio = reader(pem, count);
    if (bio == NULL) return COPENSSL_KEY_BROKEN;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, tell_passphrase, (void *)passphrase);
    BIO_free(bio);
    if (key == NULL) return key_problem(passphrase);
    bool is_used = X509_check_private_key(SSL_CTX_get0_certificate(context), key)
                   && SSL_CTX_use_PrivateKey(context, key);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return is_used ? COPENSSL_KEY_USED : COPENSSL_KEY_OF_ANOTHER;
}

int copenssl_trust(SSL_CTX *context, const void *pem, size_t count, bool tells_clients) {
    BIO *bio = reader(pem, count);
    if (bio == NULL) return -1;
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    int found = 0;
    X509 *certificate;
    while ((certificate = PEM_read_bio_X509(bio, NULL, tell_passphrase, NULL)) != NULL) {
        bool is_used = X509_STORE_add_cert(store, certificate)
                       && (!tells_clients || SSL_CTX_add_client_CA(context, certificate));
        X509_free(certificate);
        if (!is_used) {
            found = -1;
            break;
        }
        found += 1;
    }
    return close_reader(bio, found);
}

int copenssl_revoke(SSL_CTX *context, const void *pem, size_t count) {
    BIO *bio = reader(pem, count);
    if (bio == NULL) return -1;
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    int found = 0;
    int64_t first_end = INT64_MAX;
    X509_CRL *list;
    while ((list = PEM_read_bio_X509_CRL(bio, NULL, tell_passphrase, NULL)) != NULL) {
        bool is_used = X509_STORE_add_crl(store, list);
        int64_t end = seconds(X509_CRL_get0_nextUpdate(list));
        if (end < first_end) first_end = end;
        X509_CRL_free(list);
        if (!is_used) {
            found = -1;
            break;
        }
        found += 1;
    }
    found = close_reader(bio, found);
    if (found > 0) X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    SSL_CTX_set_ex_data(context, lists_index, (void *)(intptr_t)first_end);
    return found;
}

static void add_name(char *text, size_t size, const unsigned char *name, int count) {
    size_t length = strlen(text);
    // A name with a zero byte in it is invalid.
    if (count <= 0 || memchr(name, 0, (size_t)count) != NULL || length + (size_t)count + 2 > size) return;
    memcpy(text + length, name, (size_t)count);
    text[length + (size_t)count] = '\n';
    text[length + (size_t)count + 1] = 0;
}

char *copenssl_host_names(SSL_CTX *context) {
    enum { most = 65536 };
    X509 *certificate = SSL_CTX_get0_certificate(context);
    char *text = OPENSSL_zalloc(most);
    if (text == NULL || certificate == NULL) return text;
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int index = 0; index < sk_GENERAL_NAME_num(names); index++) {
        GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
        if (name->type != GEN_DNS) continue;
        add_name(text, most, ASN1_STRING_get0_data(name->d.dNSName), ASN1_STRING_length(name->d.dNSName));
    }
    GENERAL_NAMES_free(names);
    if (text[0] == 0) {
        X509_NAME *subject = X509_get_subject_name(certificate);
        int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
        if (at >= 0) {
            ASN1_STRING *name = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
            add_name(text, most, ASN1_STRING_get0_data(name), ASN1_STRING_length(name));
        }
    }
    return text;
}

int64_t copenssl_not_after(SSL_CTX *context) {
    X509 *certificate = SSL_CTX_get0_certificate(context);
    struct tm time;
    if (certificate == NULL || !ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time)) return 0;
    return (int64_t)timegm(&time);
}

void copenssl_free_text(char *text) { OPENSSL_free(text); }

// MARK: Tickets (SSL_CTX_set_tlsext_ticket_key_evp_cb(3))

struct ticket_key {
    unsigned char name[16];
    unsigned char cipher[32];
    unsigned char digest[32];
    // Of CLOCK_BOOTTIME; 0: there is none.
    time_t born;
};

struct copenssl_tickets {
    pthread_mutex_t lock;
    time_t lifetime;
    // The one that encrypts, and the one before it.
    struct ticket_key keys[2];
};

static int tickets_index;
static pthread_once_t tickets_once = PTHREAD_ONCE_INIT;
static void set_tickets_up(void) { tickets_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL); }

struct copenssl_tickets *copenssl_tickets_new(uint32_t lifetime) {
    pthread_once(&tickets_once, set_tickets_up);
    struct copenssl_tickets *tickets = OPENSSL_zalloc(sizeof *tickets);
    if (tickets == NULL) return NULL;
    pthread_mutex_init(&tickets->lock, NULL);
    tickets->lifetime = lifetime;
    return tickets;
}

void copenssl_tickets_free(struct copenssl_tickets *tickets) {
    pthread_mutex_destroy(&tickets->lock);
    OPENSSL_clear_free(tickets, sizeof *tickets);
}

static time_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_BOOTTIME, &time);
    return time.tv_sec + 1;
}

static bool rotate(struct copenssl_tickets *tickets, time_t now) {
    struct ticket_key *current = &tickets->keys[0];
    if (current->born != 0 && now - current->born < tickets->lifetime) return true;
    struct ticket_key fresh = {.born = now};
    if (RAND_bytes(fresh.name, sizeof fresh.name) != 1
        || RAND_priv_bytes(fresh.cipher, sizeof fresh.cipher) != 1
        || RAND_priv_bytes(fresh.digest, sizeof fresh.digest) != 1)
        return false;
    tickets->keys[1] = *current;
    *current = fresh;
    OPENSSL_cleanse(&fresh, sizeof fresh);
    return true;
}

static bool use(
    struct ticket_key *key, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *digest,
    int is_encrypting) {
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->digest, sizeof key->digest),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, "SHA256", 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->cipher, iv, is_encrypting) == 1
           && EVP_MAC_CTX_set_params(digest, parameters) == 1;
}

// 0: another handshake; 1: as it is; 2: and with a new ticket.
static int take_ticket(
    SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *digest,
    int is_encrypting) {
    struct copenssl_tickets *tickets = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), tickets_index);
    if (tickets == NULL) return 0;
    int result = 0;
    time_t moment = now();
    pthread_mutex_lock(&tickets->lock);
    if (is_encrypting) {
        struct ticket_key *key = &tickets->keys[0];
        if (!rotate(tickets, moment) || RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) {
            result = -1;
        } else {
            memcpy(name, key->name, sizeof key->name);
            result = use(key, iv, cipher, digest, 1) ? 1 : -1;
        }
    } else {
        for (int index = 0; index < 2 && result == 0; index++) {
            struct ticket_key *key = &tickets->keys[index];
            if (key->born == 0 || moment - key->born >= 2 * tickets->lifetime
                || CRYPTO_memcmp(name, key->name, sizeof key->name) != 0)
                continue;
            // In TLS 1.3 a client uses each ticket once (RFC 8446, appendix C.4), so it needs another one.
            bool renews = index > 0 || SSL_version(ssl) >= TLS1_3_VERSION;
            result = use(key, iv, cipher, digest, 0) ? (renews ? 2 : 1) : -1;
        }
    }
    pthread_mutex_unlock(&tickets->lock);
    return result;
}

// What a ticket holds besides OpenSSL's session. A ticket made by a resumed connection has that of the first one.
struct ticket_bounds {
    // Of CLOCK_BOOTTIME, when the client was verified: the wall clock may be set back.
    int64_t verified;
    // Of the wall clock, as certificates have it.
    int64_t last_second;
};

static int put_bounds(SSL *ssl, void *argument) {
    (void)argument;
    if (SSL_session_reused(ssl)) return 1;
    struct ticket_bounds bounds = {.verified = now(), .last_second = last_second(ssl)};
    return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), &bounds, sizeof bounds);
}

static SSL_TICKET_RETURN check_bounds(
    SSL *ssl, SSL_SESSION *session, const unsigned char *name, size_t name_size, SSL_TICKET_STATUS status,
    void *argument) {
    (void)ssl, (void)name, (void)name_size;
    int64_t lifetime = (int64_t)(intptr_t)argument;
    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) return SSL_TICKET_RETURN_IGNORE_RENEW;
    void *data;
    size_t size;
    struct ticket_bounds bounds;
    if (!SSL_SESSION_get0_ticket_appdata(session, &data, &size) || size != sizeof bounds)
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    memcpy(&bounds, data, sizeof bounds);
    if ((int64_t)now() - bounds.verified > lifetime || (int64_t)time(NULL) > bounds.last_second)
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

int copenssl_set_tickets(SSL_CTX *context, struct copenssl_tickets *tickets, uint32_t lifetime) {
    if (tickets == NULL) {
        SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
        return SSL_CTX_set_num_tickets(context, 0);
    }
    SSL_CTX_set_ex_data(context, tickets_index, tickets);
    SSL_CTX_set_timeout(context, (long)lifetime);
    return SSL_CTX_set_num_tickets(context, 1)
           && SSL_CTX_set_tlsext_ticket_key_evp_cb(context, take_ticket)
           && SSL_CTX_set_session_ticket_cb(context, put_bounds, check_bounds, (void *)(intptr_t)lifetime);
}

// MARK: Connections

void copenssl_set_server_name(SSL *ssl, const char *name) { SSL_set_tlsext_host_name(ssl, name); }

int copenssl_expect(SSL *ssl, const char *name, bool is_address) {
    X509_VERIFY_PARAM *parameters = SSL_get0_param(ssl);
    if (is_address) return X509_VERIFY_PARAM_set1_ip_asc(parameters, name);
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(parameters, name, 0);
}

bool copenssl_subject(SSL *ssl, char *subject, size_t subject_size, char *name, size_t name_size) {
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    if (certificate == NULL || subject_size == 0 || name_size == 0) return false;
    X509_NAME *who = X509_get_subject_name(certificate);
    subject[0] = 0;
    name[0] = 0;
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio != NULL) {
        X509_NAME_print_ex(bio, who, 0, XN_FLAG_RFC2253);
        int count = BIO_read(bio, subject, (int)(subject_size > INT_MAX ? INT_MAX : subject_size) - 1);
        subject[count > 0 ? count : 0] = 0;
        BIO_free(bio);
    }
    X509_NAME_get_text_by_NID(who, NID_commonName, name, (int)(name_size > INT_MAX ? INT_MAX : name_size));
    ERR_clear_error();
    return true;
}

unsigned long copenssl_take_error(char *words, size_t size) {
    unsigned long code = ERR_peek_error();
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);
    if (size > 0) {
        strncpy(words, reason == NULL ? "" : reason, size - 1);
        words[size - 1] = 0;
    }
    ERR_clear_error();
    return code;
}

enum copenssl_reason copenssl_reason(unsigned long code) {
    if (ERR_GET_LIB(code) != ERR_LIB_SSL) return COPENSSL_OTHER;
    switch (ERR_GET_REASON(code)) {
    case SSL_R_UNEXPECTED_EOF_WHILE_READING: return COPENSSL_UNEXPECTED_END;
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return COPENSSL_BAD_CERTIFICATE;
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER: return COPENSSL_NOT_TLS;
    default: return COPENSSL_OTHER;
    }
}
