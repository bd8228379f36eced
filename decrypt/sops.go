package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/keyservice"
	"github.com/getsops/sops/v3/stores/dotenv"
	"github.com/getsops/sops/v3/stores/ini"
	"github.com/getsops/sops/v3/stores/json"
	"github.com/getsops/sops/v3/stores/yaml"
)

// keysGiven are what may open a document.
type keysGiven struct {
	// Age are lines of identities.
	Age [][]byte `json:"age"`
	// PGP are private keys, armoured or binary.
	PGP [][]byte `json:"pgp"`
}

// largestDocument is in bytes.
const largestDocument = 8 << 20

// decrypt gives the plain document, in the form that its file has. Nothing of
// the document or of a key is in an error.
func decrypt(document []byte, form string, keys keysGiven) (plain []byte, err error) {
	defer func() {
		if recover() != nil {
			plain, err = nil, refused("is damaged")
		}
	}()
	if len(document) > largestDocument {
		return nil, refused("is larger than %d MiB", largestDocument>>20)
	}
	if form == "pgp" {
		return openMessage(document, keys)
	}
	store, err := storeOf(form)
	if err != nil {
		return nil, err
	}
	tree, err := store.LoadEncryptedFile(document)
	switch {
	case errors.Is(err, sops.MetadataNotFound):
		return nil, refused("has no `sops` metadata: SOPS has not encrypted it")
	case err != nil:
		return nil, refused("is not what SOPS writes as %s", form)
	}
	service, err := newService(keys)
	if err != nil {
		return nil, err
	}
	key, err := tree.Metadata.GetDataKeyWithKeyServices([]keyservice.KeyServiceClient{service}, order)
	if err != nil {
		return nil, refused("is for other keys: %s", recipients(tree.Metadata))
	}
	if err := open(&tree, key); err != nil {
		return nil, err
	}
	return store.EmitPlainFile(tree.Branches)
}

// order is which kind of key is tried first.
var order = []string{"age", "pgp"}

// open decrypts every value and checks that nothing was changed since.
func open(tree *sops.Tree, key []byte) error {
	cipher := aes.NewCipher()
	mac, err := tree.Decrypt(key, cipher)
	if err != nil {
		return refused("was changed after it was encrypted")
	}
	stored, err := cipher.Decrypt(tree.Metadata.MessageAuthenticationCode, key,
		tree.Metadata.LastModified.Format(time.RFC3339))
	if err != nil || stored != mac {
		return refused("was changed after it was encrypted")
	}
	return nil
}

func storeOf(form string) (sops.Store, error) {
	all := config.NewStoresConfig()
	switch form {
	case "yaml":
		return yaml.NewStore(&all.YAML), nil
	case "json":
		return json.NewStore(&all.JSON), nil
	case "binary":
		return json.NewBinaryStore(&all.JSONBinary), nil
	case "dotenv":
		return dotenv.NewStore(&all.Dotenv), nil
	case "ini":
		return ini.NewStore(&all.INI), nil
	}
	return nil, fmt.Errorf("no form %q of encrypted documents: yaml, json, dotenv, ini, binary or pgp", form)
}

// recipients names whom a document is for, in public words.
func recipients(metadata sops.Metadata) string {
	var found []string
	for _, group := range metadata.KeyGroups {
		for _, key := range group {
			found = append(found, fmt.Sprintf("%s %s", key.TypeToIdentifier(), key.ToString()))
		}
	}
	if len(found) == 0 {
		return "it names none"
	}
	const most = 5
	if len(found) > most {
		found = append(found[:most], fmt.Sprintf("%d more", len(found)-most))
	}
	return strings.Join(found, ", ")
}

func refused(format string, values ...any) error {
	return fmt.Errorf("the encrypted document "+format, values...)
}
