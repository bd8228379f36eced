package kustomization

import (
	"fmt"
	"strings"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// mostFaults is how many faults one error lists; the rest is counted.
const mostFaults = 20

// Fault is what is wrong with one file.
type Fault struct {
	File string
	// Line counts from 1; 0: not known.
	Line  int
	Words string
}

func (f Fault) String() string {
	if f.Line == 0 {
		return f.File + ": " + f.Words
	}
	return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Words)
}

// Refusal is why a kustomization is not built: a failure, and the file of its
// first fault.
type Refusal struct {
	*failure.Failure
	First Fault
}

// Unwrap gives the failure, whose kind counts.
func (r *Refusal) Unwrap() error { return r.Failure }

func refusal(kind pb.Failure_Kind, faults ...Fault) error {
	lines := make([]string, 0, mostFaults+1)
	for i, fault := range faults {
		if i == mostFaults {
			lines = append(lines, fmt.Sprintf("and %d more", len(faults)-mostFaults))
			break
		}
		lines = append(lines, fault.String())
	}
	return &Refusal{failure.New(kind, "%s", strings.Join(lines, "\n")), faults[0]}
}

func tooLarge(folder, format string, values ...any) error {
	return refusal(pb.Failure_TOO_LARGE, Fault{File: folder, Words: fmt.Sprintf(format, values...)})
}
