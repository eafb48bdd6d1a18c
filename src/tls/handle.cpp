// tls/handle.cpp: who frees what.
// The functions take null as well, but a unique_ptr never asks.
#include "tls/handle.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace webserv::tls {

void Release::operator()(bio_st* object) const noexcept { BIO_free_all(object); }
void Release::operator()(evp_pkey_st* object) const noexcept { EVP_PKEY_free(object); }
void Release::operator()(ssl_ctx_st* object) const noexcept { SSL_CTX_free(object); }
void Release::operator()(ssl_st* object) const noexcept { SSL_free(object); }
void Release::operator()(x509_st* object) const noexcept { X509_free(object); }
void Release::operator()(x509_store_st* object) const noexcept { X509_STORE_free(object); }

}  // namespace webserv::tls
