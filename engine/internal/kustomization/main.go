package kustomization

import (
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/proto"

	pb "helmward.dev/engine/internal/enginepb"
)

const (
	// mostMemory bounds the data of a building process.
	mostMemory = 768 << 20
	// largestRequest bounds what it is handed: files, and their names.
	largestRequest = 64 << 20
)

// Main is the whole life of a process that builds one kustomization. It returns
// the process's exit code.
func Main(in io.Reader, out io.Writer) int {
	isolate()
	request, err := receive(in)
	if err != nil {
		return 1
	}
	go func() {
		_, _ = io.Copy(io.Discard, in)
		os.Exit(1) // Nobody waits for us any more.
	}()
	output, err := proto.Marshal(Reply(request))
	if err == nil {
		_, err = out.Write(output)
	}
	if err != nil {
		return 1
	}
	return 0
}

// isolate takes from this process what the library could harm with: programs
// are not found, requests do not leave, memory is bounded. Should memory be
// short all over, the kernel takes this process first.
func isolate() {
	os.Clearenv()
	http.DefaultTransport = closed{}
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	// It lives shortly: tidying up costs more than it gives, until memory runs out.
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(mostMemory / 4)
	_ = unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: mostMemory, Max: mostMemory})
	_ = unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{})
	if silent, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		os.Stderr = silent // The library warns of old fields there.
	}
}

// closed is a web that nothing can be asked of.
type closed struct{}

func (closed) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("nothing is fetched while a kustomization is built")
}

func receive(in io.Reader) (*pb.KustomizeRequest, error) {
	var size uint64
	if err := binary.Read(in, binary.BigEndian, &size); err != nil {
		return nil, err
	}
	if size > largestRequest {
		return nil, errors.New("too much was handed over")
	}
	words := make([]byte, size)
	if _, err := io.ReadFull(in, words); err != nil {
		return nil, err
	}
	request := &pb.KustomizeRequest{}
	return request, proto.Unmarshal(words, request)
}

// Reply builds what is asked for and puts it into words for the socket.
func Reply(request *pb.KustomizeRequest) *pb.KustomizeReply {
	built, err := Build(request.GetFiles(), request.GetPath())
	reply := &pb.KustomizeReply{}
	if refused := new(Refusal); errors.As(err, &refused) {
		reply.Failure = &pb.Failure{Kind: refused.Kind, Message: refused.Message}
		reply.File, reply.Line = refused.First.File, int32(refused.First.Line)
		return reply
	}
	if err != nil {
		reply.Failure = &pb.Failure{Kind: pb.Failure_INTERNAL, Message: err.Error()}
		return reply
	}
	for _, one := range built {
		reply.Objects = append(reply.Objects, &pb.BuiltObject{Json: one.JSON, File: one.File})
	}
	return reply
}
