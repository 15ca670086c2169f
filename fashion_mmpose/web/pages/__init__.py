"""What needs Gradio: the pages, their parts, and the server that answers.

:mod:`.picture_page` and :mod:`.annotation_page` are the two pages, :mod:`.components`
their parts with scripts of `assets/`, :mod:`.gate` what a request must pass before
:mod:`.server` hands it to Gradio.
"""
