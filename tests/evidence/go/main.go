// Do Go's own packages believe our notes and proofs, and nobody else's?
//
// Reads one JSON object a line from standard input, and answers each with a line: "ok", or "no" and
// why. The hashing, the notes and the proofs are those of golang.org/x/mod/sumdb alone.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type fact struct {
	Position   int64  `json:"position"`
	RecordedUs int64  `json:"recorded_us"`
	Version    int64  `json:"version"`
	Body       string `json:"body"`
}

type question struct {
	Key    string   `json:"key"`
	Note   string   `json:"note"`
	Fact   *fact    `json:"fact"`
	Old    string   `json:"old"`
	Hashes [][]byte `json:"hashes"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		if err := answer(lines.Bytes()); err != nil {
			fmt.Println("no", strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			fmt.Println("ok")
		}
	}
}

func answer(line []byte) error {
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		return err
	}
	now, err := open(asked.Note, asked.Key)
	if err != nil {
		return err
	}
	var proof []tlog.Hash
	for _, one := range asked.Hashes {
		if len(one) != tlog.HashSize {
			return fmt.Errorf("a hash of %d bytes", len(one))
		}
		var hash tlog.Hash
		copy(hash[:], one)
		proof = append(proof, hash)
	}
	if asked.Fact != nil {
		return tlog.CheckRecord(proof, now.N, now.Hash, asked.Fact.Position-1, leaf(asked.Fact))
	}
	if asked.Old == "" {
		return nil
	}
	was, err := open(asked.Old, asked.Key)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, now.N, now.Hash, was.N, was.Hash)
}

// open returns the tree that a signed checkpoint states.
func open(signed, key string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open([]byte(signed), note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("not a checkpoint of %s", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// leaf is the hash of one fact: 00, three big-endian 64-bit numbers, and the body as it is stored.
func leaf(of *fact) tlog.Hash {
	data := []byte{0}
	for _, number := range []int64{of.Position, of.RecordedUs, of.Version} {
		data = binary.BigEndian.AppendUint64(data, uint64(number))
	}
	return sha256.Sum256(append(data, of.Body...))
}
