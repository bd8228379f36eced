package kubelet

import (
	"embed"
	"fmt"
	"path"

	"sigs.k8s.io/kwok/pkg/apis/internalversion"
	"sigs.k8s.io/kwok/pkg/config"
)

//go:embed stages/*.yaml
var stageFiles embed.FS

type stages map[internalversion.StageResourceRef][]*internalversion.Stage

// readStages returns the embedded stages by the kind of object they move on.
func readStages() (stages, error) {
	files, err := stageFiles.ReadDir("stages")
	if err != nil {
		return nil, err
	}
	all := stages{}
	for _, file := range files {
		stage, err := readStage(path.Join("stages", file.Name()))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name(), err)
		}
		all[stage.Spec.ResourceRef] = append(all[stage.Spec.ResourceRef], stage)
	}
	return all, nil
}

func readStage(file string) (*internalversion.Stage, error) {
	text, err := stageFiles.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return config.UnmarshalWithType[*internalversion.Stage](text)
}
