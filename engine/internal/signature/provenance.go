package signature

import (
	"helm.sh/helm/v4/pkg/provenance"

	"helmward.dev/engine/internal/pgpkeys"
)

// LargestProvenance bounds a .prov file: a Chart.yaml, a hash and a signature.
const LargestProvenance = 1 << 20

// Provenance checks that a .prov file is signed by one of the keys and names
// exactly this archive, and says who signed.
//
// Keys are OpenPGP keyrings, binary or armoured. The name is the archive's as
// `helm package` gave it.
func Provenance(keys [][]byte, archive []byte, name string, prov []byte) (string, error) {
	ring, err := pgpkeys.Read(keys)
	if err != nil {
		return "", unverified("%s cannot be verified: %w", name, err)
	}
	checked, err := (&provenance.Signatory{KeyRing: ring}).Verify(archive, prov, name)
	if err != nil {
		return "", unverified("%s is not verified by its provenance file: %s", name, pgpkeys.Words(err))
	}
	return pgpkeys.Name(checked.SignedBy), nil
}
