package objects

import (
	"fmt"
	"net/http"

	"k8s.io/cli-runtime/pkg/resource"

	"helmward.dev/engine/internal/cluster"
)

// rescue turns a panic into an error: the SDK calls from goroutines of its
// own, where a panic would end the process.
func rescue(err *error) {
	if problem := recover(); problem != nil {
		*err = fmt.Errorf("internal error with objects: %v", problem)
	}
}

func guarded(do func(*resource.Info) error, info *resource.Info) (err error) {
	defer rescue(&err)
	return do(info)
}

func getRequest(info *resource.Info) cluster.Request {
	return cluster.Request{Verb: http.MethodGet, Path: path(info)}
}
