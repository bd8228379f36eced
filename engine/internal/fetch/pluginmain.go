package fetch

import (
	"fmt"
	"io"

	"helm.sh/helm/v4/pkg/cli"
	"helm.sh/helm/v4/pkg/getter"
)

// PluginMain is the whole life of the process that runs one downloader: Helm's
// SDK finds the plugin and calls it. It returns the process's exit code.
func PluginMain(in io.Reader, out, said io.Writer) int {
	given, err := readOrder(in)
	if err != nil {
		fmt.Fprintln(said, "no order was given")
		return 1
	}
	settings := cli.New()
	settings.PluginsDirectory = given.Folder
	found := downloader(getter.All(settings), given.Scheme)
	if found == nil {
		return noPlugin
	}
	content, err := found.Get(given.URL,
		getter.WithBasicAuth(given.Username, given.Password),
		getter.WithPassCredentialsAll(given.PassCredentials),
		getter.WithTLSClientConfig(given.CertFile, given.KeyFile, given.CAFile),
		getter.WithInsecureSkipVerifyTLS(given.SkipVerify))
	if err == nil {
		_, err = out.Write(content.Bytes())
	}
	if err != nil {
		fmt.Fprintln(said, err)
		return 1
	}
	return 0
}

// downloader finds the plugin for a scheme; schemes that the engine reads
// itself are nobody's.
func downloader(all getter.Providers, scheme string) getter.Getter {
	for _, own := range getter.Getters() {
		if own.Provides(scheme) {
			return nil
		}
	}
	found, err := all.ByScheme(scheme)
	if err != nil {
		return nil
	}
	return found
}
