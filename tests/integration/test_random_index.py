# integration/test_random_index.py: any file of a folder answers for it, each as often as the others.
# Where chance has no say, it is compared with nginx in test_same_as_nginx.py.
from collections import Counter

from compared.random_index import CONFIG, documents
from harness import process
from harness.marks import covers


@covers("random_index")
def test_each_file_has_its_chance(site, serve):
    """Of 400 draws among four, fewer than 50 for one of them would be a chance of less than one in a million."""
    documents(site)
    server = serve(http=CONFIG)
    with server.connect() as client:
        drawn = Counter(client.get("/many/").text for _ in range(400))
    assert len(drawn) == 4 and min(drawn.values()) > 50, drawn


def test_not_in_server(site):
    result = process.run(["-t", "-c", str(site.configure(server="random_index on;")), "-p", str(site.dir)])
    assert result.returncode == 1 and '"random_index" directive is not allowed here' in result.stderr
