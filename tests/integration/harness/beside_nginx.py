# integration/harness/beside_nginx.py: the server under test and nginx, side by side on the same documents.
# `with beside_nginx(CONFIG, documents) as pair`: pair is (ours, theirs); both are examined at the end.
from contextlib import contextmanager

from . import process
from .site import DEFAULT_MAIN, MODEL, Server, Site, stop_all


@contextmanager
def beside_nginx(http, documents, theirs=None, main=DEFAULT_MAIN, own_documents=False):
    """`documents(site)` fills each site; their root is one, unless they change what is there. `theirs`: nginx's configuration, where
    it has another word for the same."""
    sites = [Site(), Site()]
    if not own_documents:
        sites[1].root = sites[0].root
    for site in sites:
        documents(site)
    servers = [Server(sites[0]), Server(sites[1], process.NGINX)]
    try:
        for server in servers:
            is_nginx = process.is_nginx(server.binary)
            conf = server.site.configure(http=(theirs or http) if is_nginx else http, main=main, model=None if is_nginx else MODEL)
            server.start(conf)
        yield servers
    finally:
        complaints = stop_all(servers)
        for site in sites:
            site.remove()
    assert not complaints, complaints
