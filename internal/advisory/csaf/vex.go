package csaf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"triward/internal/advisory"
	"triward/internal/problem"
)

// VEXDocument is what WriteVEX writes: who says, when, about which products and which weaknesses.
type VEXDocument struct {
	ID         string // tracking id, unique for the publisher
	Title      string
	Lang       string // RFC 5646 tag, "" is "en"
	TLP        string // WHITE, GREEN, AMBER or RED; "" is WHITE
	URL        string // canonical address of the document, "" when it has none
	Status     string // draft, interim or final; "" is final
	Publisher  VEXPublisher
	Revisions  []VEXRevision // at least one, numbered 1, 2, 3 ... (from 0 in a draft)
	Products   []VEXProduct
	Statements []VEXStatement
}

// VEXPublisher is the issuing party (CSAF 2.0 3.2.1.8).
type VEXPublisher struct {
	Name      string
	Namespace string // a URI under the publisher's control
	Category  string // coordinator, discoverer, other, translator, user or vendor; "" is vendor
	Contact   string
}

// VEXRevision is one item of the revision history.
type VEXRevision struct {
	Number  int
	Date    time.Time
	Summary string
}

// VEXProduct is one product that statements are about. Version is one version or a range as text; "" means the product
// whatever its version.
type VEXProduct struct {
	ID      string // unique in the document; statements name it
	Vendor  string
	Name    string
	Version string
	CPE     string
	PURL    string // with the version, where it has one
	Models  []string
	Serials []string
	SKUs    []string
}

// VEXStatement says what the status of one product is for one vulnerability.
type VEXStatement struct {
	Vulnerability string // CVE id, or another id
	System        string // whose id it is when it is not a CVE, "" is the publisher
	Title         string
	Description   string
	Product       string          // VEXProduct.ID
	Status        advisory.Status // affected, not_affected, fixed or under_investigation
	Justification string          // OpenVEX word, for not_affected
	Impact        string          // why it is not affected; needed without a Justification
	Action        string          // what to do about it; needed for affected
	Remedy        string          // category of the action (CSAF 2.0 3.2.3.12.1), "" is mitigation
	URL           string          // where the fix is
	At            time.Time
}

// jsonMap is an object of the written document; encoding/json sorts its members, as test 6.2.13 asks.
type jsonMap map[string]any

// put adds a member that is not empty.
func (m jsonMap) put(key string, value any) {
	switch v := value.(type) {
	case string:
		if v == "" {
			return
		}
	case []string:
		if len(v) == 0 {
			return
		}
	}
	m[key] = value
}

// WriteVEX writes a CSAF 2.0 document of the VEX profile (section 4.5). The result passes every mandatory test of
// Check; a document that cannot is refused with every fault by field path (kind Invalid).
func WriteVEX(d VEXDocument) ([]byte, error) {
	if err := d.validate(); err != nil {
		return nil, fmt.Errorf("write CSAF VEX %q: %w", d.ID, err)
	}
	doc := jsonMap{"document": d.document(), "product_tree": d.tree(), "vulnerabilities": d.vulnerabilities()}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(doc); err != nil {
		return nil, fmt.Errorf("write CSAF VEX %q: %w", d.ID, err)
	}
	if r := Check(d.ID, out.Bytes()); !r.Valid {
		var l problem.List
		for _, f := range r.Faults {
			l.Add(f.Path, "fails CSAF 2.0 test %s: %s", f.Test, f.Reason)
		}
		return nil, fmt.Errorf("write CSAF VEX %q: %w", d.ID, l.Err("document would not be valid"))
	}
	return out.Bytes(), nil
}

func (d VEXDocument) validate() error {
	var l problem.List
	for _, f := range [...]struct{ path, value string }{{"id", d.ID}, {"title", d.Title}, {"publisher.name", d.Publisher.Name}, {"publisher.namespace", d.Publisher.Namespace}} {
		if strings.TrimSpace(f.value) == "" {
			l.Add(f.path, "is required")
		}
	}
	if len(d.Revisions) == 0 {
		l.Add("revisions", "needs at least one")
	}
	for i, r := range d.Revisions {
		if i > 0 && (r.Number <= d.Revisions[i-1].Number || r.Date.Before(d.Revisions[i-1].Date)) {
			l.Add(fmt.Sprintf("revisions[%d]", i), "must follow the one before in number and date")
		}
		if r.Date.IsZero() {
			l.Add(fmt.Sprintf("revisions[%d].date", i), "is required")
		}
	}
	known := map[string]bool{}
	for i, p := range d.Products {
		path := fmt.Sprintf("products[%d]", i)
		if p.ID == "" || p.Vendor == "" || p.Name == "" {
			l.Add(path, "needs id, vendor and name")
		}
		if known[p.ID] {
			l.Add(path+".id", "%q is used twice", p.ID)
		}
		known[p.ID] = true
	}
	if len(d.Statements) == 0 {
		l.Add("statements", "needs at least one")
	}
	type pair struct{ vulnerability, product string }
	said := map[pair]bool{}
	for i, s := range d.Statements {
		path := fmt.Sprintf("statements[%d]", i)
		s.validate(path, &l)
		if !known[s.Product] {
			l.Add(path+".product", "%q is not among the products", s.Product)
		}
		if said[pair{s.Vulnerability, s.Product}] {
			l.Add(path, "is a second statement about %s in product %q", s.Vulnerability, s.Product)
		}
		said[pair{s.Vulnerability, s.Product}] = true
	}
	return l.Err("VEX document is not complete")
}

func (s VEXStatement) validate(path string, l *problem.List) {
	if strings.TrimSpace(s.Vulnerability) == "" {
		l.Add(path+".vulnerability", "is required")
	}
	switch s.Status {
	case advisory.StatusAffected:
		if s.Action == "" {
			l.Add(path+".action", "is required for an affected product")
		}
	case advisory.StatusNotAffected:
		if s.Justification == "" && s.Impact == "" {
			l.Add(path+".justification", "or an impact statement is required for a product that is not affected")
		}
		if s.Justification != "" && !slices.Contains(vexFlags(), s.Justification) {
			l.Add(path+".justification", "must be one of %s", strings.Join(vexFlags(), ", "))
		}
	case advisory.StatusFixed, advisory.StatusUnderInvestigation:
	default:
		l.Add(path+".status", "must be affected, not_affected, fixed or under_investigation")
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// or is s, or what stands in for it.
func or(s, instead string) string {
	if s == "" {
		return instead
	}
	return s
}

func (d VEXDocument) document() jsonMap {
	history := make([]jsonMap, len(d.Revisions))
	for i, r := range d.Revisions {
		history[i] = jsonMap{"date": stamp(r.Date), "number": strconv.Itoa(r.Number), "summary": or(r.Summary, "Revision "+strconv.Itoa(r.Number))}
	}
	first, last := d.Revisions[0], d.Revisions[len(d.Revisions)-1]
	initial := first.Date
	for _, r := range d.Revisions { // version 0 was not released
		if r.Number > 0 {
			initial = r.Date
			break
		}
	}
	publisher := jsonMap{"category": or(d.Publisher.Category, "vendor"), "name": d.Publisher.Name, "namespace": d.Publisher.Namespace}
	publisher.put("contact_details", d.Publisher.Contact)
	doc := jsonMap{
		"category": "csaf_vex", "csaf_version": "2.0", "title": d.Title, "lang": or(d.Lang, "en"), "publisher": publisher,
		"distribution": jsonMap{"tlp": jsonMap{"label": or(d.TLP, "WHITE")}},
		"tracking": jsonMap{
			"id": d.ID, "status": or(d.Status, "final"), "version": strconv.Itoa(last.Number), "revision_history": history,
			"initial_release_date": stamp(initial), "current_release_date": stamp(last.Date),
			"generator": jsonMap{"date": stamp(last.Date), "engine": jsonMap{"name": "Triward"}},
		},
	}
	if d.URL != "" {
		doc["references"] = []jsonMap{{"category": "self", "summary": "Canonical address of this document", "url": d.URL}}
	}
	return doc
}

// tree groups the products by vendor and name, in the order in which they first appear.
func (d VEXDocument) tree() jsonMap {
	var vendors []jsonMap
	vendorAt := map[string]int{}
	nameAt := map[[2]string]jsonMap{} // the branch of a name that has versions
	for _, p := range d.Products {
		at, ok := vendorAt[p.Vendor]
		if !ok {
			at = len(vendors)
			vendorAt[p.Vendor] = at
			vendors = append(vendors, jsonMap{"category": "vendor", "name": p.Vendor, "branches": []jsonMap{}})
		}
		grow := func(to, branch jsonMap) { to["branches"] = append(to["branches"].([]jsonMap), branch) }
		if p.Version == "" {
			grow(vendors[at], jsonMap{"category": "product_name", "name": p.Name, "product": p.full()})
			continue
		}
		name := nameAt[[2]string{p.Vendor, p.Name}]
		if name == nil {
			name = jsonMap{"category": "product_name", "name": p.Name, "branches": []jsonMap{}}
			nameAt[[2]string{p.Vendor, p.Name}] = name
			grow(vendors[at], name)
		}
		category := "product_version_range"
		if advisory.PlainVersion(p.Version) {
			category = "product_version"
		}
		grow(name, jsonMap{"category": category, "name": p.Version, "product": p.full()})
	}
	return jsonMap{"branches": vendors}
}

func (p VEXProduct) full() jsonMap {
	helper := jsonMap{}
	helper.put("cpe", p.CPE)
	helper.put("purl", p.PURL)
	helper.put("model_numbers", p.Models)
	helper.put("serial_numbers", p.Serials)
	helper.put("skus", p.SKUs)
	full := jsonMap{"product_id": p.ID, "name": strings.Join(slices.DeleteFunc([]string{p.Vendor, p.Name, p.Version}, func(s string) bool { return s == "" }), " ")}
	if len(helper) > 0 {
		full["product_identification_helper"] = helper
	}
	return full
}

// vulnerabilities is one item for each vulnerability, in the order in which they first appear.
func (d VEXDocument) vulnerabilities() []jsonMap {
	var order []string
	by := map[string][]VEXStatement{}
	for _, s := range d.Statements {
		if by[s.Vulnerability] == nil {
			order = append(order, s.Vulnerability)
		}
		by[s.Vulnerability] = append(by[s.Vulnerability], s)
	}
	out := make([]jsonMap, len(order))
	for i, id := range order {
		out[i] = d.vulnerability(id, by[id])
	}
	return out
}

func (d VEXDocument) vulnerability(id string, statements []VEXStatement) jsonMap {
	v := jsonMap{}
	description := ""
	status := map[string][]string{}
	flags, impacts, actions := merged{}, merged{}, merged{}
	system := ""
	for _, s := range statements {
		description = or(description, s.Description)
		system = or(system, s.System)
		if v["title"] == nil {
			v.put("title", s.Title)
		}
		list := map[advisory.Status]string{advisory.StatusAffected: "known_affected", advisory.StatusNotAffected: "known_not_affected", advisory.StatusFixed: "fixed", advisory.StatusUnderInvestigation: "under_investigation"}[s.Status]
		status[list] = append(status[list], s.Product)
		if s.Status == advisory.StatusNotAffected {
			flags.add(s, "label", s.Justification, jsonMap{})
			impacts.add(s, "details", s.Impact, jsonMap{"category": "impact"})
		}
		category := or(s.Remedy, "mitigation")
		if s.Status == advisory.StatusFixed {
			category = or(s.Remedy, "vendor_fix")
		}
		action := jsonMap{"category": category}
		action.put("url", s.URL)
		actions.add(s, "details", s.Action, action)
	}
	if advisory.IsCVE(id) {
		v["cve"] = id
	} else {
		v["ids"] = []jsonMap{{"system_name": or(system, d.Publisher.Name), "text": id}}
	}
	if description != "" {
		v["notes"] = []jsonMap{{"category": "description", "text": description}}
	} else { // the profile asks for a note (4.5)
		v["notes"] = []jsonMap{{"category": "other", "text": "This document tells the status of products for " + id + "; it does not describe the vulnerability."}}
	}
	v["product_status"] = status
	for _, part := range [...]struct {
		key  string
		list merged
	}{{"flags", flags}, {"threats", impacts}, {"remediations", actions}} {
		if len(part.list.items) > 0 {
			v[part.key] = part.list.items
		}
	}
	return v
}

// merged keeps one object for all products that are told the same.
type merged struct {
	items []jsonMap
	index map[string]int
}

func (m *merged) add(s VEXStatement, key, value string, object jsonMap) {
	if value == "" {
		return
	}
	object[key] = value
	if !s.At.IsZero() {
		object["date"] = stamp(s.At)
	}
	same := fmt.Sprint(object) // fmt prints maps in the order of their keys
	if at, ok := m.index[same]; ok {
		m.items[at]["product_ids"] = append(m.items[at]["product_ids"].([]string), s.Product)
		return
	}
	if m.index == nil {
		m.index = map[string]int{}
	}
	m.index[same] = len(m.items)
	object["product_ids"] = []string{s.Product}
	m.items = append(m.items, object)
}
