package web

// incidentTab is a page of an incident beside its first one.
type incidentTab struct {
	word       string // end of its address; "" for the first page
	text       string
	permission string
}

// incidentTabs are the pages of an incident, in the order of the work.
func incidentTabs() []incidentTab {
	return []incidentTab{
		{"", "Overview", "incident.read"},
		{"room", "War room", "incident.read"},
		{"timeline", "Timeline", "incident.read"},
		{"who", "Who and how", "incident.read"},
		{"reports", "Drafts", "incident.read"},
		{"telling", "Telling", "incident.read"},
		{"learned", "Learned", "incident.read"},
	}
}

// tabsOf are the pages of an incident that the reader may open, with the one that is shown.
func tabsOf(v *visit, incident, on string) []Tab {
	var out []Tab
	for _, t := range incidentTabs() {
		if v.may(t.permission) {
			at := urlIncident(incident)
			if t.word != "" {
				at += "/" + t.word
			}
			out = append(out, Tab{Text: t.text, URL: at, On: t.word == on})
		}
	}
	if len(out) < 2 {
		return nil
	}
	return out
}
