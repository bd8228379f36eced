package fetch

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"

	pb "helmward.dev/engine/internal/enginepb"
)

// Access is what a source is to see of us, and how far it is trusted.
type Access struct {
	Username, Password string
	// Token is sent as `Authorization: Bearer`.
	Token string
	// DockerConfig is a .dockerconfigjson, for registries.
	DockerConfig []byte
	// CA, Certificate and PrivateKey are PEM: whom to trust besides, and who we are.
	CA, Certificate, PrivateKey []byte
	SkipVerify                  bool
	// PlainHTTP is for registries.
	PlainHTTP bool
	// Pass lets credentials follow to other hosts.
	Pass bool
}

// AccessOf reads a call's access.
func AccessOf(given *pb.Access) Access {
	return Access{
		Username: given.GetUsername(), Password: given.GetPassword(), Token: given.GetBearerToken(),
		DockerConfig: given.GetDockerConfigJson(),
		CA:           given.GetCaPem(), Certificate: given.GetCertificatePem(), PrivateKey: given.GetKeyPem(),
		SkipVerify: given.GetSkipTlsVerify(), PlainHTTP: given.GetPlainHttp(), Pass: given.GetPassCredentials(),
	}
}

// At moves user and password of an address into the access, unless it has
// some of its own. The address that is left can be kept and printed.
func (a Access) At(address *url.URL) (Access, *url.URL) {
	if address.User == nil {
		return a, address
	}
	bare := *address
	bare.User = nil
	if a.Username == "" && a.Password == "" && a.Token == "" {
		a.Username = address.User.Username()
		a.Password, _ = address.User.Password()
	}
	return a, &bare
}

// Key names an access in caches without telling what is in it; empty for
// nobody. It stays the same over a restart where a folder keeps its key.
func (a Access) Key() string {
	fields := a.fields()
	if len(bytes.Join(fields, nil)) == 0 {
		return ""
	}
	return Keyed(fields...)
}

// Keyed names parts by a keyed hash: nobody can try what they may be.
func Keyed(parts ...[]byte) string {
	mac := hmac.New(sha256.New, *secret.Load())
	for _, part := range parts {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		mac.Write(part)
	}
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

func (a Access) fields() [][]byte {
	return [][]byte{
		[]byte(a.Username), []byte(a.Password), []byte(a.Token), a.DockerConfig, a.CA, a.Certificate, a.PrivateKey,
		flag(a.SkipVerify), flag(a.PlainHTTP), flag(a.Pass),
	}
}

func flag(set bool) []byte {
	if set {
		return []byte{1}
	}
	return nil
}

// shows says whether there is anything that a foreign host must not see.
func (a Access) shows() bool { return a.Username != "" || a.Password != "" || a.Token != "" }

func (a Access) introduce(request *http.Request) {
	switch {
	case a.Token != "":
		request.Header.Set("Authorization", "Bearer "+a.Token)
	case a.Username != "" || a.Password != "":
		request.SetBasicAuth(a.Username, a.Password)
	}
}

// secret is the key of those hashes.
var secret atomic.Pointer[[]byte]

const secretSize = 32

func init() {
	fresh := make([]byte, secretSize)
	_, _ = rand.Read(fresh)
	secret.Store(&fresh)
}

// KeepKeys has the names of accesses last over a restart: their key is kept in
// a folder. Where that fails, what was kept for them is fetched anew.
func KeepKeys(folder string) error {
	path := filepath.Join(folder, "access.key")
	kept, err := os.ReadFile(path)
	if err == nil && len(kept) == secretSize {
		secret.Store(&kept)
		return nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	return Write(path, *secret.Load())
}
