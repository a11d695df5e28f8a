"""Where are proofs, keys and anchors kept?"""
