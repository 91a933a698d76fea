package api

import (
	"bytes"
	"encoding/json"
	"html/template"
	"net/http"
	"sort"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"triward/apiv1"
)

// config is the description of the whole. Nothing of huma's own pages is served: they load scripts from elsewhere.
func (s *Server) config() huma.Config {
	about := "Every operation names the permission that it needs in x-permission. Failures are RFC 9457 problems with every fault by its place. " +
		"Lists are read page by page: next of one page is after of the following."
	return huma.Config{
		OpenAPI: &huma.OpenAPI{OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: "Triward", Version: "1", Description: about, License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}},
			Servers: []*huma.Server{{URL: "/"}},
			Components: &huma.Components{Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"token":   {Type: "http", Scheme: "bearer", Description: "An API token (trw_…)"},
					"session": {Type: "apiKey", In: "cookie", Name: sessionCookie, Description: "The session of a person on the web pages; for reading from the same origin only"},
				}}},
		Formats:                      map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{refusal},
	}
}

func (s *Server) problemResponse() *huma.Response {
	schema := s.api.OpenAPI().Components.Schemas.Schema(typeOf[apiv1.Problem](), true, "Problem")
	return &huma.Response{Description: "What went wrong (RFC 9457)", Content: map[string]*huma.MediaType{problemType: {Schema: schema}}}
}

// OpenAPI is the description of every operation as YAML. It is there after [Server.Handler].
func (s *Server) OpenAPI() ([]byte, error) { return s.api.OpenAPI().YAML() }

// described is one operation on the page for people.
type described struct {
	Method, Path, Summary, Permission string
}

type describedArea struct {
	Name       string
	Operations []described
}

// describedPage is the page for people at /api.
type describedPage struct {
	Style  string
	Groups []describedArea
}

// describe serves the description: as OpenAPI, and as a page for people.
func (s *Server) describe(mux *http.ServeMux) {
	y, yErr := s.OpenAPI()
	j, jErr := json.Marshal(s.api.OpenAPI())
	var p bytes.Buffer
	t, pErr := template.New("api").Parse(pageText)
	if pErr == nil {
		pErr = t.Execute(&p, describedPage{Style: s.Style, Groups: s.described()})
	}
	for _, d := range []struct {
		path, kind string
		body       []byte
		err        error
	}{{"/api/openapi.yaml", "application/yaml", y, yErr}, {"/api/openapi.json", "application/json", j, jErr},
		{"/api", "text/html; charset=utf-8", p.Bytes(), pErr}, {"/api/{$}", "text/html; charset=utf-8", p.Bytes(), pErr}} {
		mux.HandleFunc("GET "+d.path, func(w http.ResponseWriter, _ *http.Request) {
			if d.err != nil {
				s.write(w, s.broken(d.err))
				return
			}
			w.Header().Set("Content-Type", d.kind)
			if _, err := w.Write(d.body); err != nil {
				s.Log.Debug("answer was not sent", "error", err)
			}
		})
	}
}

func (s *Server) described() []describedArea {
	areas := map[string][]described{}
	for _, o := range s.operations() {
		permission, _ := o.Metadata[permissionKey].(string)
		areas[o.Tags[0]] = append(areas[o.Tags[0]], described{o.Method, o.Path, o.Summary, strings.ReplaceAll(permission, "|", " or ")})
	}
	out := make([]describedArea, 0, len(areas))
	for name, ops := range areas {
		out = append(out, describedArea{name, ops})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// operations is every operation, by path and method.
func (s *Server) operations() []*huma.Operation {
	var out []*huma.Operation
	for _, p := range s.api.OpenAPI().Paths {
		for _, o := range []*huma.Operation{p.Get, p.Post, p.Put, p.Delete, p.Patch} {
			if o != nil {
				out = append(out, o)
			}
		}
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Path != out[j].Path {
			return out[i].Path < out[j].Path
		}
		return out[i].Method < out[j].Method
	})
	return out
}

// pageText uses the style sheet of the web pages where it is served; it reads well without one too.
const pageText = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Triward API</title>
{{with .Style}}<link rel="stylesheet" href="{{.}}">{{end}}
</head>
<body>
<main>
<h1>Triward API</h1>
<p>The whole description, for tools: <a href="/api/openapi.yaml">openapi.yaml</a> and <a href="/api/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
<p>Send an API token with every request: <code>Authorization: Bearer trw_…</code>. Failures are problems as RFC 9457 describes them.</p>
{{range .Groups}}<h2>{{.Name}}</h2>
<table>
<thead><tr><th scope="col">Operation</th><th scope="col">What it does</th><th scope="col">Permission</th></tr></thead>
<tbody>
{{range .Operations}}<tr><td><code>{{.Method}} {{.Path}}</code></td><td>{{.Summary}}</td><td><code>{{.Permission}}</code></td></tr>
{{end}}</tbody>
</table>
{{end}}</main>
</body>
</html>
`

// Operation is one operation and what it asks of who calls it.
type Operation struct {
	ID         string
	Method     string
	Path       string
	Permission string // kinds of event joined by "|", "signed in" or "public"
}

// Operations lists every operation, by path and method. It is there after [Server.Handler].
func (s *Server) Operations() []Operation {
	all := s.operations()
	out := make([]Operation, 0, len(all))
	for _, o := range all {
		permission, _ := o.Metadata[permissionKey].(string)
		out = append(out, Operation{o.OperationID, o.Method, o.Path, permission})
	}
	return out
}
