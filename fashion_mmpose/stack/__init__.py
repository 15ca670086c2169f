"""The OpenMMLab stack, checked and adapted before anything of it is used."""
