package interchange

import (
	"strconv"
	"strings"
	"time"

	"triward/internal/incident/custody"
)

const uco = "https://ontology.unifiedcyberontology.org/uco/"

// vocabularies are those of CASE 1.4.0 and UCO 1.4.0.
var vocabularies = object{"case-investigation": "https://ontology.caseontology.org/case/investigation/", "uco-action": uco + "action/", "uco-core": uco + "core/", "uco-identity": uco + "identity/",
	"uco-observable": uco + "observable/", "uco-tool": uco + "tool/", "uco-types": uco + "types/", "uco-vocabulary": uco + "vocabulary/", "xsd": "http://www.w3.org/2001/XMLSchema#"}

// graph gathers the nodes of a CASE file, each one once.
type graph struct {
	nodes []object
	known map[string]bool
}

// add adds a node and gives the reference to it.
func (g *graph) add(record, kind string, members object) object {
	id := "urn:uuid:" + idOf(record)
	if !g.known[id] {
		g.known[id] = true
		members["@id"], members["@type"] = id, kind
		g.nodes = append(g.nodes, members)
	}
	return object{"@id": id}
}

func typed(kind, value string) object { return object{"@type": kind, "@value": value} }

func dateTime(t time.Time) object { return typed("xsd:dateTime", instant(t)) }

// CASE writes the custody of the evidence. Forbidden: the audience may not have it.
func (c Case) CASE() ([]byte, error) {
	if err := c.File.Share("the evidence of "+c.File.Number, c.As); err != nil {
		return nil, err
	}
	g := &graph{known: map[string]bool{}}
	var parts, allowed []object
	for _, i := range c.Given {
		records, allows := c.exhibit(g, i)
		parts, allowed = append(parts, records...), append(allowed, allows)
	}
	parts = append(parts, g.add("organisation/"+c.organisation(), "uco-identity:Organization", object{"uco-core:name": c.organisation()}))
	g.add(c.File.ID, "case-investigation:Investigation", object{"uco-core:name": c.title(), "uco-core:description": []string{"TLP:" + strings.ToUpper(string(c.File.Reach())) + " PAP:" + strings.ToUpper(string(c.File.PAP))},
		"uco-core:objectCreatedTime": dateTime(c.File.Declared), "case-investigation:investigationForm": typed("uco-vocabulary:InvestigationFormVocab", "incident"),
		"case-investigation:relevantAuthorization": unique(allowed), "uco-core:object": unique(parts)})
	return write(object{"@context": vocabularies, "@graph": g.nodes})
}

// exhibit adds an item with its chain, and gives what the investigation holds of it and what allowed its collection.
func (c Case) exhibit(g *graph, i custody.Given) (parts []object, allowed object) {
	thing := g.add(i.ID, "uco-observable:ObservableObject", c.observable(i))
	record := object{"uco-core:name": i.Description, "case-investigation:exhibitNumber": i.Exhibit, "uco-core:object": []object{thing}}
	if root, ok := c.root(i); ok {
		record["case-investigation:rootExhibitNumber"] = []string{root}
	}
	for _, p := range c.Given {
		if p.ID == i.Parent {
			record["case-investigation:wasDerivedFrom"] = []object{{"@id": "urn:uuid:" + idOf(p.ID+"/record")}}
		}
	}
	provenance := g.add(i.ID+"/record", "case-investigation:ProvenanceRecord", record)
	allow := object{"case-investigation:authorizationType": "collection of evidence", "uco-core:description": []string{i.Authority}}
	if i.LegalBasis != "" {
		allow["case-investigation:authorizationIdentifier"] = []string{i.LegalBasis}
	}
	allowed = g.add("authority/"+c.File.ID+"/"+i.Authority+"/"+i.LegalBasis, "case-investigation:Authorization", allow)
	parts = []object{provenance}
	var before object
	for _, e := range i.Chain {
		before = c.action(g, i, e, before)
		parts = append(parts, before)
	}
	return parts, allowed
}

// action adds an entry of a chain of custody, after the one before it.
func (c Case) action(g *graph, i custody.Given, e custody.Entry, before object) object {
	who := "uco-identity:Person"
	if strings.HasPrefix(e.Actor, "system:") {
		who = "uco-identity:Identity" // a part of the program
	}
	performer := g.add("person/"+e.Actor, who, object{"uco-core:name": e.ActorName})
	provenance := object{"@id": "urn:uuid:" + idOf(i.ID+"/record")}
	a := object{"uco-core:name": string(e.Action), "uco-action:performer": performer, "uco-action:startTime": dateTime(e.At), "uco-action:endTime": dateTime(e.At), "uco-action:object": []object{{"@id": "urn:uuid:" + idOf(i.ID)}}}
	if e.Action == custody.Collected {
		a["uco-action:result"] = []object{provenance}
		if i.Tool != "" {
			tool := object{"uco-core:name": i.Tool}
			if i.ToolVersion != "" {
				tool["uco-tool:version"] = i.ToolVersion
			}
			a["uco-action:instrument"] = []object{g.add("tool/"+i.Tool+"/"+i.ToolVersion, "uco-tool:Tool", tool)}
		}
	}
	if before != nil {
		a["case-investigation:wasInformedBy"] = []object{before}
	}
	var says []string
	for _, x := range []struct{ name, text string }{{"from", e.From}, {"to", e.To}, {"reason", e.Reason}, {"authorised by", e.Authority}, {"place", e.Place}, {"witness", e.Witness}, {"seal", e.Seal},
		{"hash before", e.HashBefore}, {"hash after", e.HashAfter}, {"hashes match", e.Match}, {"receipt", e.Receipt}, {"hash of this entry", e.Hash}} {
		if x.text != "" {
			says = append(says, x.name+": "+x.text)
		}
	}
	a["uco-core:description"] = says
	return g.add(i.ID+"/"+strconv.Itoa(e.Seq), "case-investigation:InvestigativeAction", a)
}

// observable is the content of an item, or the thing.
func (c Case) observable(i custody.Given) object {
	o := object{"uco-core:name": i.Description}
	if i.SHA256 == "" {
		return o
	}
	hashes := []object{}
	for _, h := range []struct{ name, value string }{{"SHA256", i.SHA256}, {"SHA512", i.SHA512}} {
		if h.value != "" {
			hashes = append(hashes, object{"@id": "urn:uuid:" + idOf(i.ID+"/"+h.name), "@type": "uco-types:Hash", "uco-types:hashMethod": typed("uco-vocabulary:HashNameVocab", h.name), "uco-types:hashValue": typed("xsd:hexBinary", h.value)})
		}
	}
	o["uco-core:hasFacet"] = []object{{"@id": "urn:uuid:" + idOf(i.ID+"/content"), "@type": "uco-observable:ContentDataFacet", "uco-observable:sizeInBytes": typed("xsd:integer", strconv.FormatInt(i.Size, 10)), "uco-observable:hash": hashes}}
	return o
}

// root is the number of the exhibit that an item was made from in the end; false: it was made from none of these.
func (c Case) root(i custody.Given) (string, bool) {
	number, parent := "", i.Parent
	for range c.Given {
		for _, p := range c.Given {
			if parent != "" && p.ID == parent {
				number, parent = p.Exhibit, p.Parent
				break
			}
		}
	}
	return number, number != ""
}

// unique leaves out references that stand before already.
func unique(all []object) []object {
	seen := map[any]bool{}
	out := []object{}
	for _, o := range all {
		if !seen[o["@id"]] {
			seen[o["@id"]] = true
			out = append(out, o)
		}
	}
	return out
}
