package web

import (
	"strings"
	"testing"

	"github.com/jba/templatecheck"
)

// pages are all pages; a template without one, or one without a template, fails the test.
func pages() []page {
	return []page{accountPage{}, credentialsPage{}, activityPage{}, noticesPage{}, pastPage{}, kitPage{}, accountabilityPage{}, signaturePage{}, signingPage{}, advisoriesPage{}, advisoryPage{}, authenticatorPage{}, contradictionsPage{}, decidePage{}, decisionPage{}, decisionsPage{},
		devicePage{}, changePage{}, changesPage{}, comparePage{}, controlPage{}, documentPage{}, documentsPage{}, editPage{}, functionsPage{}, statusPage{}, workPage{}, devicesPage{}, diffPage{}, doorPage{}, entryPage{}, errorPage{}, feedPage{}, feedsPage{}, formPage{}, importPage{}, importsPage{},
		journalPage{}, mergePage{}, namesPage{}, overviewPage{}, peoplePage{}, personPage{}, previewPage{}, productPage{}, productsPage{}, releasePage{},
		effectPage{}, learningPage{}, matrixPage{}, recordsPage{}, rulesPage{}, tasksPage{}, proposalPage{}, connectorsPage{}, flowsPage{},
		incidentsPage{}, incidentPage{}, blastPage{}, roomPage{}, situationPage{}, calendarsPage{}, whoPage{}, learnedPage{}, loopsPage{}, metricsPage{}, entityPage{}, exhibitPage{}, exhibitNewPage{}, containmentPage{}, bedsideCard{}, runPage{}, runsPage{}, wrongPage{}, risksPage{}, rolePage{}, rolesPage{}, sbomPage{}, searchPage{}, sitesPage{}, systemPage{}, tablePage{}, vexPage{}, vulnPage{}, vulnsPage{}, whyPage{},
		reportsPage{}, draftPage{}, draftPrintPage{}, tellingPage{}, stakeholdersPage{}, disclosuresPage{},
		timelinePage{},
		exercisesPage{}, exercisePage{}, scenarioPage{},
		alertPage{}, alertsPage{}, attackPage{}, baselinePage{}, baselinesPage{}, blindPage{}, detectionPage{}, detectionsPage{}, eventPage{}, eventsPage{}, sourcePage{}, sourcesPage{}, targetsPage{}}
}

func TestTemplatesFitTheirPages(t *testing.T) {
	all, err := parseTemplates() // anew: a template that was executed is rewritten by its escaper
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, p := range append(pages(), assurancePages()...) {
		tmpl, ok := all[p.template()]
		if !ok {
			t.Errorf("%T names no template", p)
			continue
		}
		seen[p.template()] = true
		if err := templatecheck.CheckHTML(tmpl, p); err != nil {
			t.Errorf("%s: %v", p.template(), err)
		}
	}
	for name := range all {
		if !seen[name] {
			t.Errorf("template %q belongs to no page", name)
		}
	}
}

// TestNoInlineScriptOrStyle keeps templates within the Content-Security-Policy.
func TestNoInlineScriptOrStyle(t *testing.T) {
	entries, err := templateFiles.ReadDir("templates")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := templateFiles.ReadFile("templates/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"<style", " style=", " onclick=", " onchange=", " onsubmit=", "javascript:", "hx-on", "<script>"} {
			if strings.Contains(string(b), bad) {
				t.Errorf("%s holds %q", e.Name(), bad)
			}
		}
	}
}
