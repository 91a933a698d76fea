package csaf

import (
	"regexp"
	"strings"
	"sync"
	"unicode"

	"triward/internal/advisory"
	"triward/internal/advisory/jsontree"
)

// documentShape is the structure of a CSAF 2.0 document (section 3), with the CVSS objects of FIRST.
var documentShape = sync.OnceValue(buildDocumentShape)

// languageTag is RFC 5646 2.1 without the irregular tags other than i-default and i-mingo, as CSAF 2.0 3.1.6 has it.
var languageTag = regexp.MustCompile(`^(?i:(?:[a-z]{2,3}(?:-[a-z]{3}(?:-[a-z]{3}){0,2})?|[a-z]{4,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?` +
	`(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*(?:-[a-wyz0-9](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?|x(?:-[a-z0-9]{1,8})+|i-default|i-mingo)$`)

var (
	purlForm  = regexp.MustCompile(`^pkg:[A-Za-z.+-][A-Za-z0-9.+-]*/.+`)
	hashValue = regexp.MustCompile(`^[0-9a-fA-F]{32,}$`)
	cweID     = regexp.MustCompile(`^CWE-[1-9][0-9]{0,5}$`)
)

// trimmedText has no white space, and none of also, at either end.
func trimmedText(also string) func(string) bool {
	return func(s string) bool {
		edge := func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(also, r) }
		return s != "" && strings.TrimFunc(s, edge) == s && !strings.ContainsAny(s, "\n\r\u2028\u2029")
	}
}

func isDocVersion(s string) bool { _, ok := parseDocVersion(s); return ok }

func buildDocumentShape() *shape {
	text := &shape{kind: jsontree.String, atLeast: 1}
	uri := &shape{kind: jsontree.String, text: isURI, must: "a URI (RFC 3986)"}
	date := &shape{kind: jsontree.String, text: isDateTime, must: "a date and time (RFC 3339)"}
	lang := matching("a language tag (RFC 5646)", languageTag.MatchString)
	version := matching("an integer or a semantic version", isDocVersion)
	ids := set(text)

	acknowledgments := array(object(map[string]*shape{"names": array(text), "organization": text, "summary": text, "urls": array(uri)}).least(1))
	notes := array(object(map[string]*shape{
		"audience": text, "text": text, "title": text,
		"category": words("description", "details", "faq", "general", "legal_disclaimer", "other", "summary"),
	}, "category", "text"))
	references := array(object(map[string]*shape{"category": words("external", "self"), "summary": text, "url": uri}, "summary", "url"))

	helper := object(map[string]*shape{
		"cpe": matching("a CPE name", isCPE),
		"hashes": array(object(map[string]*shape{
			"file_hashes": array(object(map[string]*shape{"algorithm": text, "value": matching("at least 32 hexadecimal digits", hashValue.MatchString)}, "algorithm", "value")),
			"filename":    text,
		}, "file_hashes", "filename")),
		"model_numbers": set(text), "serial_numbers": set(text), "skus": array(text), "sbom_urls": array(uri),
		"purl":           matching("a package URL", func(s string) bool { return purlForm.MatchString(s) && isURI(s) }),
		"x_generic_uris": array(object(map[string]*shape{"namespace": uri, "uri": uri}, "namespace", "uri")),
	}).least(1)
	product := object(map[string]*shape{"name": text, "product_id": text, "product_identification_helper": helper}, "name", "product_id")
	branch := object(map[string]*shape{
		"category": words("architecture", "host_name", "language", "legacy", "patch_level", "product_family", "product_name",
			"product_version", "product_version_range", "service_pack", "specification", "vendor"),
		"name": text, "product": product,
	}, "category", "name").least(3)
	branch.atMost = 3
	branches := array(branch)
	branch.members["branches"] = branches

	group := array(object(map[string]*shape{"group_id": text, "product_ids": &shape{kind: jsontree.Array, item: text, atLeast: 2, unique: true}, "summary": text}, "group_id", "product_ids"))
	tree := object(map[string]*shape{
		"branches": branches, "full_product_names": array(product), "product_groups": group,
		"relationships": array(object(map[string]*shape{
			"category":          words("default_component_of", "external_component_of", "installed_on", "installed_with", "optional_component_of"),
			"full_product_name": product, "product_reference": text, "relates_to_product_reference": text,
		}, "category", "full_product_name", "product_reference", "relates_to_product_reference")),
	}).least(1)

	tracking := object(map[string]*shape{
		"aliases": set(text), "current_release_date": date, "initial_release_date": date, "version": version,
		"generator": object(map[string]*shape{"date": date, "engine": object(map[string]*shape{"name": text, "version": text}, "name")}, "engine"),
		"id":        matching("text without white space at its ends", trimmedText("")),
		"revision_history": array(object(map[string]*shape{"date": date, "legacy_version": text, "number": version, "summary": text},
			"date", "number", "summary")),
		"status": words("draft", "final", "interim"),
	}, "current_release_date", "id", "initial_release_date", "revision_history", "status", "version")
	document := object(map[string]*shape{
		"acknowledgments":    acknowledgments,
		"aggregate_severity": object(map[string]*shape{"namespace": uri, "text": text}, "text"),
		"category":           matching("text that starts and ends with neither white space nor - _ .", trimmedText("-_.")),
		"csaf_version":       words("2.0"),
		"distribution":       object(map[string]*shape{"text": text, "tlp": object(map[string]*shape{"label": words("AMBER", "GREEN", "RED", "WHITE"), "url": uri}, "label")}).least(1),
		"lang":               lang, "source_lang": lang, "notes": notes, "references": references, "title": text, "tracking": tracking,
		"publisher": object(map[string]*shape{
			"category":        words("coordinator", "discoverer", "other", "translator", "user", "vendor"),
			"contact_details": text, "issuing_authority": text, "name": text, "namespace": uri,
		}, "category", "name", "namespace"),
	}, "category", "csaf_version", "publisher", "title", "tracking")

	status := object(map[string]*shape{}).least(1)
	for _, list := range [...]string{"first_affected", "first_fixed", "fixed", "known_affected", "known_not_affected", "last_affected", "recommended", "under_investigation"} {
		status.members[list] = ids
	}
	vulnerability := object(map[string]*shape{
		"acknowledgments": acknowledgments, "notes": notes, "references": references, "title": text, "product_status": status,
		"cve":            matching("a CVE id", advisory.IsCVE),
		"cwe":            object(map[string]*shape{"id": matching("a CWE id", cweID.MatchString), "name": text}, "id", "name"),
		"discovery_date": date, "release_date": date,
		"flags": set(object(map[string]*shape{"date": date, "group_ids": ids, "product_ids": ids, "label": words(vexFlags()...)}, "label")),
		"ids":   set(object(map[string]*shape{"system_name": text, "text": text}, "system_name", "text")),
		"involvements": set(object(map[string]*shape{
			"date": date, "summary": text, "party": words("coordinator", "discoverer", "other", "user", "vendor"),
			"status": words("completed", "contact_attempted", "disputed", "in_progress", "not_contacted", "open"),
		}, "party", "status")),
		"remediations": array(object(map[string]*shape{
			"category": words("mitigation", "no_fix_planned", "none_available", "vendor_fix", "workaround"),
			"date":     date, "details": text, "entitlements": array(text), "group_ids": ids, "product_ids": ids, "url": uri,
			"restart_required": object(map[string]*shape{"details": text, "category": words("connected", "dependencies", "machine",
				"none", "parent", "service", "system", "vulnerable_component", "zone")}, "category"),
		}, "category", "details")),
		"scores": array(object(map[string]*shape{"cvss_v2": cvss2Shape(), "cvss_v3": cvss3Shape(), "products": ids}, "products").least(2)),
		"threats": array(object(map[string]*shape{
			"category": words("exploit_status", "impact", "target_set"), "date": date, "details": text, "group_ids": ids, "product_ids": ids,
		}, "category", "details")),
	}).least(1)
	return object(map[string]*shape{
		"$schema": uri, "document": document, "product_tree": tree, "vulnerabilities": array(vulnerability),
	}, "document")
}

// vexFlags is the closed list of flag labels (CSAF 2.0 3.2.3.5).
func vexFlags() []string {
	return []string{"component_not_present", "inline_mitigations_already_exist", "vulnerable_code_cannot_be_controlled_by_adversary",
		"vulnerable_code_not_in_execute_path", "vulnerable_code_not_present"}
}
