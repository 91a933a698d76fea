package advisory

import (
	"slices"
	"strconv"
	"strings"

	"triward/internal/advisory/jsontree"
)

// csafStatuses are the lists of a product_status (CSAF 2.0 3.2.3.9, "unknown" of 2.1) in the order in which they are
// read. "recommended" comes last: it may name a product that another list names too (test 6.1.6), and adds nothing then.
var csafStatuses = [...]struct {
	list   string
	status Status
}{
	{"known_affected", StatusAffected},
	{"first_affected", StatusAffected},
	{"last_affected", StatusAffected},
	{"known_not_affected", StatusNotAffected},
	{"fixed", StatusFixed},
	{"first_fixed", StatusFixed},
	{"under_investigation", StatusUnderInvestigation},
	{"unknown", StatusUnknown},
	{"recommended", StatusFixed},
}

func (r *csafReader) vulnerabilities(tracking string) []Vulnerability {
	list := r.objects(r.root, "vulnerabilities")
	out := make([]Vulnerability, 0, len(list))
	unnamed := 0
	for _, v := range list {
		vuln := r.vulnerability(v)
		if vuln.ID == "" {
			// Two weaknesses without an id must not become one: the second and further ones are numbered.
			unnamed++
			vuln.ID = tracking
			if unnamed > 1 {
				vuln.ID += "#" + strconv.Itoa(unnamed)
			}
		}
		out = append(out, vuln)
	}
	return out
}

func (r *csafReader) vulnerability(v *jsontree.Value) Vulnerability {
	vuln := Vulnerability{
		Title:       r.text(v, "title"),
		Description: r.notes(v, "description", "summary", "details", "general", "other"),
	}
	vuln.ID, vuln.Aliases = r.ids(v)
	seen := map[string]bool{"": true}
	for _, cwe := range append(r.objects(v, "cwes"), r.want(v, "cwe", jsontree.Object)) {
		if id := r.text(cwe, "id"); !seen[id] {
			seen[id] = true
			vuln.CWEs = append(vuln.CWEs, id)
		}
	}
	vuln.Scores = r.scores(v)
	for _, t := range r.objects(v, "threats") {
		vuln.Threats = append(vuln.Threats, Threat{Category: r.text(t, "category"), Details: r.text(t, "details"), Products: r.targets(t)})
	}
	for _, m := range r.objects(v, "remediations") {
		vuln.Remedies = append(vuln.Remedies, Remedy{
			Category: r.text(m, "category"), Details: r.text(m, "details"), URL: r.text(m, "url"), Date: r.date(m, "date"),
			Products: r.targets(m), Restart: r.text(r.want(m, "restart_required", jsontree.Object), "category"),
		})
	}
	vuln.Affected = r.affected(v, vuln.Threats)
	return vuln
}

// ids is the name of a weakness and its other names: the CVE, else a CVE given among the ids, else the first id.
func (r *csafReader) ids(v *jsontree.Value) (id string, aliases []string) {
	var all []string
	seen := map[string]bool{"": true}
	add := func(s string) {
		s = strings.TrimSpace(s)
		if up := strings.ToUpper(s); IsCVE(up) {
			s = up
		}
		if !seen[s] {
			seen[s] = true
			all = append(all, s)
		}
	}
	add(r.text(v, "cve"))
	for _, other := range r.objects(v, "ids") {
		add(r.text(other, "text"))
	}
	if len(all) == 0 {
		return "", nil
	}
	first := max(0, slices.IndexFunc(all, IsCVE))
	if given := strings.TrimSpace(r.text(v, "cve")); given != "" {
		first = 0
	}
	id = all[first]
	all = slices.Delete(all, first, first+1)
	slices.Sort(all)
	return id, slices.Clip(all)
}

// targets is the product ids that a remedy, threat or flag names, directly and by group; nil means that it names none.
func (r *csafReader) targets(v *jsontree.Value) []string {
	ids := r.texts(v, "product_ids")
	groups := r.texts(v, "group_ids")
	if len(groups) == 0 {
		return ids
	}
	seen := make(map[string]bool, len(ids))
	for _, id := range ids {
		seen[id] = true
	}
	for _, g := range groups {
		for _, id := range r.groups[g] {
			if !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	if r.statements += len(ids); r.statements > csafMaxStatements {
		r.fault(v, "names more than %d products in all", csafMaxStatements)
		return nil
	}
	return ids
}

// scores reads scores of CSAF 2.0 (3.2.3.13) and metrics of 2.1 (3.2.3.12).
func (r *csafReader) scores(v *jsontree.Value) []Score {
	var out []Score
	for _, s := range r.objects(v, "scores") {
		out = r.cvss(out, s, Score{By: r.publisher, Products: r.texts(s, "products")})
	}
	for _, m := range r.objects(v, "metrics") {
		as := Score{By: r.publisher, Products: r.texts(m, "products")}
		if source := r.text(m, "source"); source != "" {
			as.By = source
		}
		out = r.cvss(out, r.want(m, "content", jsontree.Object), as)
	}
	return out
}

func (r *csafReader) cvss(out []Score, v *jsontree.Value, as Score) []Score {
	for _, key := range [...]string{"cvss_v2", "cvss_v3", "cvss_v4"} {
		c := r.want(v, key, jsontree.Object)
		if c == nil {
			continue
		}
		as.Vector = r.text(c, "vectorString")
		as.Base = r.score(c)
		as.Severity = strings.ToUpper(r.text(c, "baseSeverity"))
		as.Version = r.text(c, "version")
		if as.Version == "" {
			as.Version = VectorVersion(as.Vector)
		}
		out = append(out, as)
	}
	return out
}

// score is a CVSS base score, 0.0 to 10.0.
func (r *csafReader) score(v *jsontree.Value) float64 {
	n := r.want(v, "baseScore", jsontree.Number)
	if n == nil {
		return 0
	}
	f, ok := n.Number()
	if !ok || f < 0 || f > 10 {
		r.fault(n, "is %s, must be a score from 0 to 10", jsontree.Shorten(n.Text))
		return 0
	}
	return f
}

// VectorVersion is the version that a CVSS vector names; version 2 vectors name none.
func VectorVersion(vector string) string {
	if rest, ok := strings.CutPrefix(vector, "CVSS:"); ok {
		version, _, _ := strings.Cut(rest, "/")
		return version
	}
	return "2.0"
}

// affected is one statement for each product and status, in the order of csafStatuses.
func (r *csafReader) affected(v *jsontree.Value, threats []Threat) []Affected {
	status := r.want(v, "product_status", jsontree.Object)
	if status == nil {
		return nil
	}
	total := 0
	for _, s := range csafStatuses {
		total += len(r.items(status, s.list))
	}
	if r.statements += total; r.statements > csafMaxStatements {
		r.fault(status, "makes more than %d statements in all", csafMaxStatements)
		return nil
	}
	justified, reasons := r.justifications(v), impacts(threats)
	out := make([]Affected, 0, total)
	said := make(map[string]Status, total)
	base := r.root.Pointer(status)
	for _, s := range csafStatuses {
		list := r.items(status, s.list)
		for i := range list {
			id := list[i].Str()
			if list[i].Kind != jsontree.String {
				r.fault(&list[i], "must be a string, is %v", list[i].Kind)
				continue
			}
			before, again := said[id]
			if again && (before == s.status || s.list == "recommended") {
				continue
			}
			said[id] = s.status
			a := Affected{ProductID: id, Names: []string{id}} // named, but not defined in the tree (test 6.1.1)
			if p := r.products[id]; p != nil {
				a = *p
			}
			a.Status = s.status
			a.Place = id + " " + base + "/" + s.list + "/" + strconv.Itoa(i)
			a.Note = reasons[id]
			if s.status == StatusNotAffected {
				if a.Justification = justified[id]; a.Justification == "" {
					a.Justification = justified[""]
				}
				if a.Note == "" {
					a.Note = reasons[""]
				}
			}
			out = append(out, a)
		}
	}
	return out
}

// justifications is the flag label by product id; the five labels of CSAF 2.0 3.2.3.5 are those of OpenVEX. A flag that
// names no product (test 6.1.32) is kept under "".
func (r *csafReader) justifications(v *jsontree.Value) map[string]string {
	var out map[string]string
	for _, f := range r.objects(v, "flags") {
		label := r.text(f, "label")
		if label == "" {
			continue
		}
		ids := r.targets(f)
		if len(ids) == 0 {
			ids = []string{""}
		}
		for _, id := range ids {
			if out == nil {
				out = map[string]string{}
			}
			if out[id] == "" {
				out[id] = label
			}
		}
	}
	return out
}

// impacts is the impact statements by product id, those that name no product under "".
func impacts(threats []Threat) map[string]string {
	var out map[string]string
	for _, t := range threats {
		if t.Category != "impact" || t.Details == "" {
			continue
		}
		ids := t.Products
		if len(ids) == 0 {
			ids = []string{""}
		}
		for _, id := range ids {
			if out == nil {
				out = map[string]string{}
			}
			if out[id] != "" {
				out[id] += "\n"
			}
			out[id] += t.Details
		}
	}
	return out
}
