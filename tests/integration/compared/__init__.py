# integration/compared: requests that nginx and webserv have to answer alike, one table a topic, and those where we differ by design.
# test_same_as_nginx.py sends them; docs/DIFFERENCES.md has a row for every difference.
