package kustomization

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"google.golang.org/protobuf/proto"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// Command is how the engine's binary is called to build one kustomization.
const Command = "kustomize"

// atOnce bounds how many builds run side by side: each may take much memory.
const atOnce = 2

var turns = make(chan struct{}, atOnce)

// Run builds in a process of its own, which ends with the context.
func Run(ctx context.Context, request *pb.KustomizeRequest) (*pb.KustomizeReply, error) {
	select {
	case turns <- struct{}{}:
		defer func() { <-turns }()
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for other builds to end: %w", context.Cause(ctx))
	}
	words, err := proto.Marshal(&pb.KustomizeRequest{Files: request.GetFiles(), Path: request.GetPath()})
	if err != nil {
		return nil, fmt.Errorf("write down what is to be built: %w", err)
	}
	output, err := process(ctx, words)
	if errors.Is(context.Cause(ctx), failure.ErrDeadline) {
		return nil, failure.New(pb.Failure_TIMEOUT, "%s: it was not built in time: %w", folderOf(request), failure.ErrDeadline)
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("building was stopped: %w", context.Cause(ctx))
	}
	reply := &pb.KustomizeReply{}
	if err == nil {
		err = proto.Unmarshal(output, reply)
	}
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		// Out of its memory, most likely: what it says then is a trace.
		return nil, failure.New(pb.Failure_TOO_LARGE,
			"%s: building it broke off: it takes more than %d MiB of memory, or kustomize has a fault there",
			folderOf(request), mostMemory>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("have a process build: %w", err)
	}
	return reply, nil
}

func folderOf(request *pb.KustomizeRequest) string {
	if request.GetPath() == "" {
		return "."
	}
	return request.GetPath()
}

// process starts the build. Its standard input stays open: the end of it means
// that we ended. It is told no variable of ours, not even where programs are.
func process(ctx context.Context, words []byte) ([]byte, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer writer.Close()
	output := &bytes.Buffer{}
	command := exec.CommandContext(ctx, self, Command)
	command.Dir, command.Env = "/", []string{"GOMAXPROCS=1"}
	command.Stdin, command.Stdout = reader, output
	command.WaitDelay = 2 * time.Second
	err = command.Start()
	_ = reader.Close()
	if err != nil {
		return nil, err
	}
	if err := send(writer, words); err != nil {
		_ = command.Process.Kill()
	}
	err = command.Wait()
	return output.Bytes(), err
}

func send(to io.Writer, words []byte) error {
	if err := binary.Write(to, binary.BigEndian, uint64(len(words))); err != nil {
		return err
	}
	_, err := to.Write(words)
	return err
}
