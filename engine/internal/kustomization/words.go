package kustomization

import (
	"errors"
	"path"
	"regexp"
	"strconv"
	"strings"

	pb "helmward.dev/engine/internal/enginepb"
)

// mostWords bounds what is told of the library's words: it quotes whole objects.
const mostWords = 1000

var (
	// noise is how the library tells that a folder is no file.
	noise = regexp.MustCompile(`accumulation err='accumulating resources from '[^']*': (?:'[^']*' must resolve to a file|cannot read content from non-file '[^']*')': `)
	// twice is how it tells that a file, which it could not read, is no folder either.
	twice = regexp.MustCompile(`(?s)^(.*)accumulation err='(.*)': must build at directory: '[^']*': file is not directory(.*)$`)
	// configured quotes all that a step of it was told.
	configured = regexp.MustCompile("(?s) with config: `.*`")
	pointers   = regexp.MustCompile(`merging from generator &\{[^}]*\}: `)
	// around is what it was doing at that; the place says it shorter.
	around  = regexp.MustCompile(`^(accumulating (resources|components)( from '[^']*')?|accumulateDirectory|recursed (accumulation|merging) (of|from) path '[^']*'|merging resources from '[^']*'): `)
	folders = regexp.MustCompile(`(?:(?:of|from|for) path|path:?) '(` + mount + `[^']*)'`)
	inFile  = regexp.MustCompile(`(?:resources|merging resources) from '([^']+)'`)
	line    = regexp.MustCompile(`\bline (\d+)\b`)
)

// explain turns an error of the library into a fault: the file that it speaks
// of, and its words without what is secret.
func (t *tree) explain(err error, folder string) error {
	if known := new(Refusal); errors.As(err, &known) {
		return known
	}
	words := strings.ReplaceAll(err.Error(), `\"`, `"`)
	fault := t.place(words, folder)
	if found := line.FindStringSubmatch(words); found != nil && !isKustomization(fault.File) {
		fault.Line, _ = strconv.Atoi(found[1])
	}
	fault.Words = shortened(t.secrets.mask(plain(words)))
	return refusal(pb.Failure_INVALID, fault)
}

// place finds the deepest folder that the words name, and the file if they do.
func (t *tree) place(words, folder string) Fault {
	for _, found := range folders.FindAllStringSubmatch(words, -1) {
		if at := path.Clean("./" + strings.TrimPrefix(found[1], mount)); t.folders[at] {
			folder = at
		}
	}
	if found := inFile.FindAllStringSubmatch(words, -1); found != nil {
		file := path.Join(folder, found[len(found)-1][1])
		if _, is := t.files[file]; is {
			return Fault{File: file}
		}
	}
	if file, found := t.fileOf(folder); found {
		return Fault{File: file}
	}
	return Fault{File: folder}
}

func isKustomization(file string) bool {
	return strings.EqualFold(strings.TrimSuffix(path.Base(file), path.Ext(file)), "kustomization")
}

// plain leaves out how deep in itself the library was.
func plain(words string) string {
	words = twice.ReplaceAllString(noise.ReplaceAllString(words, ""), "$1$2$3")
	words = pointers.ReplaceAllString(configured.ReplaceAllString(words, ""), "")
	for {
		shorter := strings.Trim(around.ReplaceAllString(words, ""), `"`)
		if shorter == words {
			break
		}
		words = shorter
	}
	words = strings.ReplaceAll(words, mount+"/", "")
	return strings.Join(strings.Fields(words), " ")
}

func shortened(words string) string {
	if len(words) <= mostWords {
		return words
	}
	return strings.ToValidUTF8(words[:mostWords], "") + "…"
}
