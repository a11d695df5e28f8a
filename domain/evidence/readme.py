"""How does somebody who never heard of registrar check a bundle?"""

from __future__ import annotations

README = """\
What the log holds of {subject}, and how to check it
====================================================

history.html    the history, for reading in any browser; it loads nothing and runs nothing
facts.jsonl     the facts as they are stored, and the proof of each
told.json       what was told beside them: sentences, and personal fields that could be opened
checkpoint.txt  what the log stated of itself, signed
keys.txt        the public keys that signed it
manifest.json   the SHA-256 of each of these files


With registrar (Python 3.11 or later; neither server nor network is needed)

    registrar verify FILE.zip --key 'KEY'

KEY is the public key as the institution publishes it. Without --key the one in keys.txt is taken:
that shows that nothing was changed since the bundle was made, and not by whom it was made. Any byte
of the zip file that is not as it was is noticed, in this text and in history.html too.


What is shown, and what is not

- Every fact in facts.jsonl stood in the log, at its position and as it is here, when the checkpoint
  was signed.
- history.html says what facts.jsonl and told.json say, and nothing else.
- The sentences and the opened personal fields in told.json are the institution's word. The proof
  covers personal fields as they are stored, encrypted.
- That there are no other facts about the same person is not shown. The whole log shows that
  (registrar log export).


By hand, or with other tools

1. checkpoint.txt is a C2SP signed note (c2sp.org/signed-note): a text, an empty line, signatures.
   The key is in keys.txt as name+id+base64; after the first byte, 1 for Ed25519, follow 32 bytes of
   public key. In a signature's base64 the first 4 bytes are the key's id, the other 64 sign the
   text, its last newline included.
2. The text says: the log's name; how many facts it had (SIZE); the root of its Merkle tree, in
   base64; the epoch.
3. Every line of facts.jsonl after the first is a fact. Its leaf is the SHA-256 of: one byte 00;
   then position, recorded_us and version, each as 8 bytes, big-endian; then the bytes of body
   (UTF-8), or of base64 where that stands there instead. recorded_us are microseconds since
   1970-01-01, UTC.
4. hashes lead from the leaf to the root (RFC 9162, section 2.1.3.2): the leaf's index is
   position - 1, the tree's size is SIZE, a node is the SHA-256 of: one byte 01, left, right.
"""
