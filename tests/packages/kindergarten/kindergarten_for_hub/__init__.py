"""Kindergartens, as an authority that joins the hub from outside."""
