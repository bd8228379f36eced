// Command decrypt opens one document that SOPS or OpenPGP has encrypted and ends. Document
// and keys come in on standard input and nothing else is read: no cloud, no
// agent, no key of the machine is asked. It is a program of its own because the
// library brings the clients of every cloud, which a long-lived process would
// carry in memory.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

const largestRequest = 32 << 20

type request struct {
	Document []byte `json:"document"`
	// Form is yaml, json, dotenv, ini or binary; pgp is a message that SOPS has
	// nothing to do with.
	Form string    `json:"form"`
	Keys keysGiven `json:"keys"`
}

type answer struct {
	Document []byte `json:"document"`
	// Problem says why there is no document, in words that quote nothing of it.
	Problem string `json:"problem,omitempty"`
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func run(in io.Reader, out io.Writer) error {
	var asked request
	if err := json.NewDecoder(io.LimitReader(in, largestRequest)).Decode(&asked); err != nil {
		return fmt.Errorf("standard input is no request: %w", err)
	}
	var said answer
	plain, err := decrypt(asked.Document, asked.Form, asked.Keys)
	if err != nil {
		said.Problem = err.Error()
	} else {
		said.Document = plain
	}
	return json.NewEncoder(out).Encode(said)
}
