// tls/handle.hpp: owners of OpenSSL's objects, named without its headers: only .cpp files of this folder meet those.
// Each is freed by the function that OpenSSL has for it, exactly once.
#pragma once

#include <memory>

struct bio_st;
struct evp_pkey_st;
struct ssl_ctx_st;
struct ssl_st;
struct x509_st;
struct x509_store_st;

namespace webserv::tls {

struct Release {
    void operator()(bio_st* object) const noexcept;
    void operator()(evp_pkey_st* object) const noexcept;
    void operator()(ssl_ctx_st* object) const noexcept;
    void operator()(ssl_st* object) const noexcept;
    void operator()(x509_st* object) const noexcept;
    void operator()(x509_store_st* object) const noexcept;
};

using BioHandle = std::unique_ptr<bio_st, Release>;
using KeyHandle = std::unique_ptr<evp_pkey_st, Release>;
using ContextHandle = std::unique_ptr<ssl_ctx_st, Release>;
using SessionHandle = std::unique_ptr<ssl_st, Release>;
using CertificateHandle = std::unique_ptr<x509_st, Release>;
using StoreHandle = std::unique_ptr<x509_store_st, Release>;

}  // namespace webserv::tls
