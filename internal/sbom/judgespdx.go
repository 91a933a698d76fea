package sbom

import (
	"fmt"
	"strings"
)

// tagClass says how often a tag-value tag may stand in its block, and what its value must be.
type tagRule struct {
	block string // the block that the tag belongs to: "document", "package", "file", "snippet", "licence", "" anywhere
	typ   string // scalar of checker.text, or an enumeration "enum:name"
	many  bool
}

// tagRules is the SPDX 2.3 tag-value vocabulary with the tags that are judged by value. A tag that starts a block has
// typ "start".
func tagRules() map[string]tagRule {
	rules := map[string]tagRule{
		"SPDXVersion": {"document", "", false}, "DataLicense": {"document", "enum:dataLicense", false}, "DocumentName": {"document", "", false},
		"DocumentNamespace": {"document", "namespace", false}, "DocumentComment": {"document", "", false}, "ExternalDocumentRef": {"document", "", true},
		"Creator": {"document", "creator", true}, "Created": {"document", "stamp", false}, "CreatorComment": {"document", "", false}, "LicenseListVersion": {"document", "", false},
		"SPDXID": {"", "", false}, "Relationship": {"", "", true}, "RelationshipComment": {"", "", true},
		"PackageName": {"package", "start", false}, "FileName": {"file", "start", false}, "LicenseID": {"licence", "start", false}, "SnippetSPDXID": {"snippet", "start", false},
		"PackageSupplier": {"package", "agent", false}, "PackageOriginator": {"package", "agent", false}, "PackageChecksum": {"package", "sum", true},
		"FileChecksum": {"file", "sum", true}, "PrimaryPackagePurpose": {"package", "enum:purpose", false}, "FileType": {"file", "enum:fileType", true},
		"ReleaseDate": {"package", "stamp", false}, "BuiltDate": {"package", "stamp", false}, "ValidUntilDate": {"package", "stamp", false},
		"FilesAnalyzed": {"package", "bool", false}, "ExternalRef": {"package", "reference", true}, "PackageAttributionText": {"package", "", true},
		"PackageLicenseInfoFromFiles": {"package", "", true}, "ExternalRefComment": {"package", "", true},
		"LicenseInfoInFile": {"file", "", true}, "FileContributor": {"file", "", true}, "FileDependency": {"file", "", true}, "FileAttributionText": {"file", "", true},
		"ArtifactOfProjectName": {"file", "", true}, "ArtifactOfProjectHomePage": {"file", "", true}, "ArtifactOfProjectURI": {"file", "", true},
		"LicenseCrossReference": {"licence", "", true}, "LicenseInfoInSnippet": {"snippet", "", true}, "SnippetAttributionText": {"snippet", "", true},
	}
	for block, names := range map[string]string{
		"package": "PackageVersion PackageFileName PackageDownloadLocation PackageVerificationCode PackageHomePage PackageSourceInfo PackageLicenseConcluded PackageLicenseDeclared PackageLicenseComments PackageCopyrightText PackageSummary PackageDescription PackageComment",
		"file":    "LicenseConcluded LicenseComments FileCopyrightText FileComment FileNotice",
		"licence": "ExtractedText LicenseName LicenseComment",
		"snippet": "SnippetFromFileSPDXID SnippetByteRange SnippetLineRange SnippetLicenseConcluded SnippetLicenseComments SnippetCopyrightText SnippetComment SnippetName",
	} {
		for _, n := range strings.Fields(names) {
			rules[n] = tagRule{block, "", false}
		}
	}
	for _, n := range strings.Fields("Annotator AnnotationDate AnnotationType SPDXREF AnnotationComment Reviewer ReviewDate ReviewComment") {
		rules[n] = tagRule{"", "", true}
	}
	return rules
}

// tagValue judges a tag-value file. The order of blocks is free; a tag must stand in its block.
func (c *checker) tagValue(s *source) {
	c.model, c.minor = spdx2(), int(s.version[2]-'0')
	rules := tagRules()
	t := tagChecker{checker: c, block: "document", line: 1, met: map[string]int{}}
	for _, tag := range s.tags {
		c.path = []step{{name: fmt.Sprintf("line %d", tag.line)}, {name: tag.name}}
		rule, ok := rules[tag.name]
		switch {
		case !ok:
			c.fault("is not a tag of SPDX %s", s.version)
			continue
		case rule.typ == "start":
			t.end()
			t.block, t.line, t.met = rule.block, tag.line, map[string]int{}
		case rule.block != "" && rule.block != t.block:
			if !(rule.block == "file" && t.block == "package") { // LicenseComments is the package's word too
				c.fault("stands in a %s block, belongs to a %s", t.block, rule.block)
			}
			continue
		}
		t.met[tag.name]++
		if t.met[tag.name] > 1 && !rule.many {
			c.fault("occurs twice in one block")
		}
		t.judge(rule, tag)
	}
	t.end()
}

// tagChecker follows the blocks of a tag-value file.
type tagChecker struct {
	*checker
	block string
	line  int
	met   map[string]int
}

func (t *tagChecker) judge(rule tagRule, tag tag) {
	fault := ""
	switch {
	case tag.name == "SPDXID" && t.block == "document":
		fault = t.define("documentID", tag.value)
	case tag.name == "SPDXID" || tag.name == "SnippetSPDXID":
		fault = t.define("spdxID", tag.value)
	case tag.name == "Relationship":
		t.relationship(tag.value)
	case rule.typ == "sum":
		alg, value, _ := strings.Cut(tag.value, ":")
		t.scalar(&field{typ: "enum:checksumAlgorithm", enum: t.model.enums["checksumAlgorithm"]}, &node{kind: kindElement, text: alg})
		fault = hashFault("hex", strings.TrimSpace(value))
	case rule.typ == "reference":
		if words := strings.Fields(tag.value); len(words) < 3 {
			fault = "must have a category, a type and a locator"
		} else {
			t.scalar(&field{typ: "enum:referenceCategory", enum: t.model.enums["referenceCategory"]}, &node{kind: kindElement, text: words[0]})
		}
	case strings.HasPrefix(rule.typ, "enum:"):
		t.scalar(&field{typ: rule.typ, enum: t.model.enums[rule.typ[5:]]}, &node{kind: kindElement, text: tag.value})
	case rule.typ != "" && rule.typ != "start":
		fault = t.text(rule.typ, tag.value)
	case tag.value == "" && tag.name != "PackageComment":
		t.warn("is empty")
	}
	if fault != "" {
		t.fault("%q %s", cut(tag.value), fault)
	}
}

func (t *tagChecker) relationship(value string) {
	words := strings.Fields(value)
	if len(words) != 3 {
		t.fault("%q must have three words: element, relationship, element", cut(value))
		return
	}
	t.scalar(&field{typ: "enum:relationship", enum: t.model.enums["relationship"]}, &node{kind: kindElement, text: strings.ToUpper(words[1])})
	for _, id := range []string{words[0], words[2]} {
		if fault := t.refer("elementRef", id); fault != "" {
			t.fault("%q %s", cut(id), fault)
		}
	}
}

// end judges what a block must have (SPDX 2.3 clauses 6, 7, 8, 10).
func (t *tagChecker) end() {
	t.path = []step{{name: fmt.Sprintf("line %d", t.line)}}
	need := map[string]string{
		"document": "SPDXVersion DataLicense SPDXID DocumentName DocumentNamespace Creator Created",
		"package":  "SPDXID PackageDownloadLocation", "file": "SPDXID FileChecksum", "licence": "ExtractedText", "snippet": "SnippetFromFileSPDXID",
	}[t.block]
	for _, name := range strings.Fields(need) {
		if t.met[name] == 0 {
			t.fault("the %s block has no %s", t.block, name)
		}
	}
}

// spdx3 judges the parts of an SPDX 3.0 graph that its core profile demands: identity, creation, references, and the
// required properties of the classes that carry facts.
func (c *checker) spdx3(tree *node) {
	c.model = spdx2()
	elements := spdx3Elements(tree)
	graph := tree.get("@graph") != nil
	if tree.get("@context") == nil {
		c.fault("@context is missing")
	}
	if graph {
		c.push(step{name: "@graph"})
		defer c.pop()
	}
	for i := range elements {
		if graph {
			c.push(step{index: i, list: true})
		}
		c.spdx3Element(&elements[i])
		if graph {
			c.pop()
		}
	}
	c.spdx3References(elements, graph, imports(elements))
}

// need3 is the required properties by class (SPDX 3.0.1 model).
func need3(class string) []string {
	switch class {
	case "CreationInfo":
		return []string{"specVersion", "created", "createdBy"}
	case "Relationship", "LifecycleScopedRelationship":
		return []string{"from", "to", "relationshipType"}
	case "Annotation":
		return []string{"annotationType", "subject"}
	case "simplelicensing_LicenseExpression":
		return []string{"simplelicensing_licenseExpression"}
	case "software_Package", "software_File", "ai_AIPackage", "dataset_DatasetPackage":
		return []string{"name"}
	}
	if strings.HasPrefix(class, "security_") && strings.HasSuffix(class, "Relationship") {
		return []string{"from", "to", "relationshipType"}
	}
	return nil
}

func (c *checker) spdx3Element(e *node) {
	if e.kind != kindObject {
		c.fault("is a JSON %s, must be an object", e.kind)
		return
	}
	class := spdx3Type(e)
	if class == "" {
		c.fault("type is missing")
		return
	}
	for _, name := range need3(class) {
		if e.get(name) == nil {
			c.fault("a %s must have %s", class, name)
		}
	}
	switch id := spdx3ID(e); {
	case id == "" && class != "CreationInfo":
		c.fault("spdxId is missing")
	case id != "":
		if at, twice := c.defined[id]; twice {
			c.fault("the id %q is in use already at %s", cut(id), at)
		} else {
			c.defined[id] = c.where()
		}
	}
	if class == "CreationInfo" {
		if created := e.get("created"); created != nil {
			c.push(step{name: "created"})
			c.scalar(&field{typ: "stamp"}, created)
			c.pop()
		}
	} else if e.get("creationInfo") == nil {
		c.fault("a %s must have creationInfo", class)
	}
	for _, name := range []string{"name", "software_packageVersion", "software_packageUrl", "relationshipType", "from"} {
		if v := e.get(name); v != nil && v.kind != kindString {
			c.push(step{name: name})
			c.fault("is a JSON %s, must be a string", v.kind)
			c.pop()
		}
	}
}

// imports is the identifiers that the document declares to be other documents' (ExternalMap).
func imports(elements []node) map[string]bool {
	out := map[string]bool{}
	for i := range elements {
		for _, x := range elements[i].get("import").list() {
			out[x.get("externalSpdxId").str()] = true
		}
	}
	return out
}

func (c *checker) spdx3References(elements []node, graph bool, imported map[string]bool) {
	for i := range elements {
		e := &elements[i]
		if graph {
			c.push(step{index: i, list: true})
		}
		for _, name := range []string{"from", "to", "rootElement", "creationInfo", "createdBy", "suppliedBy"} {
			for _, id := range e.get(name).strs() {
				_, here := c.defined[id]
				switch {
				case here || imported[id], strings.HasPrefix(id, "http://spdx.org/licenses/"), strings.HasPrefix(id, "https://spdx.org/licenses/"),
					strings.HasPrefix(id, "https://spdx.org/rdf/"), strings.HasPrefix(id, "spdx:"), strings.HasSuffix(id, "NoAssertionElement"),
					strings.HasSuffix(id, "NoneElement"), strings.HasPrefix(id, "expandedlicensing_"):
				default:
					c.push(step{name: name})
					c.fault("refers to %q, which the document neither holds nor imports", cut(id))
					c.pop()
				}
			}
		}
		if graph {
			c.pop()
		}
	}
}
