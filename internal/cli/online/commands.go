package online

import "github.com/spf13/cobra"

// Commands are the areas of a server. A new area is a file with a method, and a line here.
func (r *Remote) Commands() []*cobra.Command {
	return []*cobra.Command{
		r.device(), r.site(),
		r.product(), r.documents(), r.training(), r.runs(), r.incidents(), r.stakeholder(), r.blast(), r.exercises(),
		r.feed(), r.vuln(), r.verdict(),
		r.risk(),
		r.clause(), r.evidence(), r.inquiry(), r.trail(), r.validation(),
		r.people(), r.token(), r.view(), r.notice(), r.activity(),
		r.alerts(), r.sources(),
		r.system(),
	}
}

// Under are the commands that stand in a group with others that need no server: journal, advisory, sbom, bundle.
func (r *Remote) Under(group string) []*cobra.Command {
	var all []*cobra.Command
	switch group {
	case "journal":
		all = r.journal()
	case "signature":
		all = r.signatures()
	case "advisory":
		all = r.advisory()
	case "bundle":
		all = r.bundle()
	case "events":
		all = r.events()
	case "rules":
		all = append(all, r.rules()...)
	case "sbom":
		all = []*cobra.Command{r.attachSBOM()}
	}
	for _, c := range all {
		r.flags(c)
	}
	return all
}
