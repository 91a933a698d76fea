package conform

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
func (c *checker) tagValue(tags []Tag) {
	c.model = spdx2()
	rules := tagRules()
	t := tagChecker{checker: c, block: "document", line: 1, met: map[string]int{}}
	for _, tag := range tags {
		c.path = []step{{name: fmt.Sprintf("line %d", tag.Line)}, {name: tag.Name}}
		rule, ok := rules[tag.Name]
		switch {
		case !ok:
			c.fault("is not a tag of SPDX 2.%d", c.minor)
			continue
		case rule.typ == "start":
			t.end()
			t.block, t.line, t.met = rule.block, tag.Line, map[string]int{}
		case rule.block != "" && rule.block != t.block:
			if !(rule.block == "file" && t.block == "package") { // LicenseComments is the package's word too
				c.fault("stands in a %s block, belongs to a %s", t.block, rule.block)
			}
			continue
		}
		t.met[tag.Name]++
		if t.met[tag.Name] > 1 && !rule.many {
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

func (t *tagChecker) judge(rule tagRule, tag Tag) {
	fault := ""
	switch {
	case tag.Name == "SPDXID" && t.block == "document":
		fault = t.define("documentID", tag.Value)
	case tag.Name == "SPDXID" || tag.Name == "SnippetSPDXID":
		fault = t.define("spdxID", tag.Value)
	case tag.Name == "Relationship":
		t.relationship(tag.Value)
	case rule.typ == "sum":
		alg, value, _ := strings.Cut(tag.Value, ":")
		t.scalar(&field{typ: "enum:checksumAlgorithm", enum: t.model.enums["checksumAlgorithm"]}, &Node{kind: Element, text: alg})
		fault = hashFault("hex", strings.TrimSpace(value))
	case rule.typ == "reference":
		if words := strings.Fields(tag.Value); len(words) < 3 {
			fault = "must have a category, a type and a locator"
		} else {
			t.scalar(&field{typ: "enum:referenceCategory", enum: t.model.enums["referenceCategory"]}, &Node{kind: Element, text: words[0]})
		}
	case strings.HasPrefix(rule.typ, "enum:"):
		t.scalar(&field{typ: rule.typ, enum: t.model.enums[rule.typ[5:]]}, &Node{kind: Element, text: tag.Value})
	case rule.typ != "" && rule.typ != "start":
		fault = t.text(rule.typ, tag.Value)
	case tag.Value == "" && tag.Name != "PackageComment":
		t.warn("is empty")
	}
	if fault != "" {
		t.fault("%q %s", Cut(tag.Value), fault)
	}
}

func (t *tagChecker) relationship(value string) {
	words := strings.Fields(value)
	if len(words) != 3 {
		t.fault("%q must have three words: element, relationship, element", Cut(value))
		return
	}
	t.scalar(&field{typ: "enum:relationship", enum: t.model.enums["relationship"]}, &Node{kind: Element, text: strings.ToUpper(words[1])})
	for _, id := range []string{words[0], words[2]} {
		if fault := t.refer("elementRef", id); fault != "" {
			t.fault("%q %s", Cut(id), fault)
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

// Elements3 is the elements of an SPDX 3 document: those of @graph, or the one that stands alone.
func Elements3(tree *Node) []Node {
	if g := tree.Get("@graph"); g != nil {
		return g.List()
	}
	return []Node{*tree}
}

// Class3 is the class of an SPDX 3 element without the "prefix:" or IRI spelling: "software_Package".
func Class3(e *Node) string {
	t := first(e.Get("type").Str(), e.Get("@type").Str())
	if i := strings.LastIndexAny(t, "/:"); i >= 0 {
		t = t[i+1:]
	}
	return t
}

// ID3 is the identifier of an SPDX 3 element, "" when it has none.
func ID3(e *Node) string { return first(e.Get("spdxId").Str(), e.Get("@id").Str()) }

// spdx3 judges the parts of an SPDX 3.0 graph that its core profile demands: identity, creation, references, and the
// required properties of the classes that carry facts.
func (c *checker) spdx3(tree *Node) {
	c.model = spdx2()
	elements := Elements3(tree)
	c.graph = tree.Get("@graph") != nil
	if tree.Get("@context") == nil {
		c.fault("@context is missing")
	}
	if c.graph {
		c.push(step{name: "@graph"})
		defer c.pop()
	}
	for i := range elements {
		if c.graph {
			c.push(step{index: i, list: true})
		}
		c.spdx3Element(&elements[i])
		if c.graph {
			c.pop()
		}
	}
	c.spdx3References(elements, imports(elements))
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

func (c *checker) spdx3Element(e *Node) {
	if e.kind != Object {
		c.fault("is a JSON %s, must be an object", e.kind)
		return
	}
	class := Class3(e)
	if class == "" {
		c.fault("type is missing")
		return
	}
	for _, name := range need3(class) {
		if e.Get(name) == nil {
			c.fault("a %s must have %s", class, name)
		}
	}
	switch id := ID3(e); {
	case id == "" && class != "CreationInfo":
		c.fault("spdxId is missing")
	case id != "":
		if at, twice := c.defined[id]; twice {
			c.fault("the id %q is in use already at %s", Cut(id), at)
		} else {
			c.defined[id] = c.where()
		}
	}
	if class == "CreationInfo" {
		if created := e.Get("created"); created != nil {
			c.push(step{name: "created"})
			c.scalar(&field{typ: "stamp"}, created)
			c.pop()
		}
	} else if e.Get("creationInfo") == nil {
		c.fault("a %s must have creationInfo", class)
	}
	for _, name := range []string{"name", "software_packageVersion", "software_packageUrl", "relationshipType", "from"} {
		if v := e.Get(name); v != nil && v.kind != String {
			c.push(step{name: name})
			c.fault("is a JSON %s, must be a string", v.kind)
			c.pop()
		}
	}
}

// imports is the identifiers that the document declares to be other documents' (ExternalMap).
func imports(elements []Node) map[string]bool {
	out := map[string]bool{}
	for i := range elements {
		for _, x := range elements[i].Get("import").List() {
			out[x.Get("externalSpdxId").Str()] = true
		}
	}
	return out
}

func (c *checker) spdx3References(elements []Node, imported map[string]bool) {
	for i := range elements {
		e := &elements[i]
		if c.graph {
			c.push(step{index: i, list: true})
		}
		for _, name := range []string{"from", "to", "rootElement", "creationInfo", "createdBy", "suppliedBy"} {
			for _, id := range e.Get(name).Strs() {
				_, here := c.defined[id]
				switch {
				case here || imported[id], strings.HasPrefix(id, "http://spdx.org/licenses/"), strings.HasPrefix(id, "https://spdx.org/licenses/"),
					strings.HasPrefix(id, "https://spdx.org/rdf/"), strings.HasPrefix(id, "spdx:"), strings.HasSuffix(id, "NoAssertionElement"),
					strings.HasSuffix(id, "NoneElement"), strings.HasPrefix(id, "expandedlicensing_"):
				default:
					c.push(step{name: name})
					c.fault("refers to %q, which the document neither holds nor imports", Cut(id))
					c.pop()
				}
			}
		}
		if c.graph {
			c.pop()
		}
	}
}
