"""Write what a site needs in public beside its pages: the way in, the page for what is not there.

- `index.html` leads to the first page;
- `404.html` is what hosts show for an address without a page;
- `sitemap.xml` lists all pages for search engines, where `html_baseurl` says where they are.
"""

from html import escape
from pathlib import Path

ROOT_PAGE = """\
<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<meta http-equiv="Refresh" content="0; url={first}">
</head>
<body>
<p><a href="{first}">{title}</a></p>
</body>
</html>
"""


def root_page(title, language, first) -> str:
    """Write the page at the root of the site."""
    return ROOT_PAGE.format(title=escape(title), language=language, first=first)


def sitemap(addresses) -> str:
    """Write the list of all pages."""
    listed = "".join(f"<url><loc>{escape(address)}</loc></url>\n" for address in addresses)
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{space}">\n{listed}</urlset>\n'


def missing_page(app):
    """Ask for the page for what is not there."""
    return [("404", {"base": app.config.html_baseurl}, "404.html")]


def write(app, exception):
    """Write the root page and the sitemap."""
    if exception or app.builder.name != "html":
        return
    config, site = app.config, Path(app.outdir)
    address = app.builder.get_target_uri
    page = root_page(config.html_title, config.language, address(config.root_doc))
    (site / "index.html").write_text(page, encoding="utf-8")
    if config.html_baseurl:
        pages = [config.html_baseurl + address(name) for name in config.external_site_map]
        (site / "sitemap.xml").write_text(sitemap(pages), encoding="utf-8")


def setup(app):
    """Connect to Sphinx."""
    app.connect("html-collect-pages", missing_page)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True}
