"""The page `fashion-mmpose web`: what people see and do in a browser.

Modules without Gradio hold what the page knows: garments as people correct them
(:mod:`.corrected`), pictures as they come in (:mod:`.uploads`), what one browser has
open (:mod:`.sessions`), and what happens when somebody does something (:mod:`.desk`).
:mod:`.pages` puts Gradio's components around them, and answers.
"""
