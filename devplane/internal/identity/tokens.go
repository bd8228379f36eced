package identity

import (
	"crypto/rand"
	"encoding/csv"
	"fmt"
	"os"
	"strings"
)

const adminUser = "devplane:admin"

// tokens are the bearer tokens by user.
type tokens map[string]string

func componentUser(name string) string { return "devplane:" + name }

// ComponentUsers names the components as the API server sees them.
func ComponentUsers() []string {
	var all []string
	for _, name := range Components {
		all = append(all, componentUser(name))
	}
	return all
}

// ensureTokens reads the API server's token file, or makes it with one random
// token for the admin and one for each component, all in system:masters.
func ensureTokens(path string) (tokens, error) {
	file, err := os.Open(path)
	if os.IsNotExist(err) {
		return makeTokens(path)
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	reader := csv.NewReader(file)
	reader.FieldsPerRecord = 4
	rows, err := reader.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	known := tokens{}
	for _, row := range rows {
		known[row[1]] = row[0]
	}
	return known, nil
}

func makeTokens(path string) (tokens, error) {
	made := tokens{}
	var text strings.Builder
	for _, user := range users() {
		made[user] = rand.Text() + rand.Text()
		fmt.Fprintf(&text, "%s,%s,%s,system:masters\n", made[user], user, user)
	}
	return made, write(path, []byte(text.String()))
}

func users() []string {
	return append([]string{adminUser}, ComponentUsers()...)
}
