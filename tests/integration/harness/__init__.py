# integration/harness: what the tests stand on: a site in a folder of its own, a server process on it, and a client that speaks bytes.
# Everything is the standard library; the server under test is WEBSERV_BINARY, which may as well be nginx.
