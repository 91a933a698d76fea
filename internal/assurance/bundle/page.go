package bundle

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"sync"
)

//go:embed page
var pageFiles embed.FS

// Page is the verifier page: one file of HTML with its own style and script, which loads nothing and sends nothing. It
// checks a bundle as [Verify] does, in a browser that has Ed25519 in WebCrypto.
func Page() ([]byte, error) { return pageOnce() }

var pageOnce = sync.OnceValues(func() ([]byte, error) {
	t, err := template.ParseFS(pageFiles, "page/verify.html")
	if err != nil {
		return nil, fmt.Errorf("make verifier page: %w", err)
	}
	style, err := pageFiles.ReadFile("page/verify.css")
	if err != nil {
		return nil, fmt.Errorf("make verifier page: %w", err)
	}
	script, err := pageFiles.ReadFile("page/verify.js")
	if err != nil {
		return nil, fmt.Errorf("make verifier page: %w", err)
	}
	digest := func(b []byte) string {
		sum := sha256.Sum256(b)
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	var b bytes.Buffer
	// Both are files of this program, not input.
	err = t.Execute(&b, map[string]any{
		"Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; script-src " + digest(script) + "; style-src " + digest(style),
		"Style":  template.HTML("<style>" + string(style) + "</style>"),    //nolint:gosec // own file
		"Script": template.HTML("<script>" + string(script) + "</script>"), //nolint:gosec // own file
	})
	if err != nil {
		return nil, fmt.Errorf("make verifier page: %w", err)
	}
	return b.Bytes(), nil
})
