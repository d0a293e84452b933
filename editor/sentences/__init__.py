"""Every sentence that a person reads, apart from the core's own errors, which are sentences already.

Knows nothing of widgets, HTTP or files. `on_page` has what stands on the page, labels and hints included;
`about_files`, `about_models` and `about_server` have what is said of those. One room, so that all can be proofread.
"""
