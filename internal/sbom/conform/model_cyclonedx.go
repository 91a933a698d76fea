package conform

// cdxModel is the CycloneDX object model, 1.0 to 1.7, in the notation of model.go. It was written from the
// specification (https://cyclonedx.org/specification/overview/) and is checked against the project's published cases.
const cdxModel = `
bom
 $schema str -
 bomFormat! enum:bomFormat -
 specVersion! str -
 serialNumber serial @ +1
 version!<6 positive @
 metadata metadata +2
 components component[]u >component
 services service[]u >service +2
 externalReferences externalReference[] >reference +1
 dependencies dependency[]u >dependency +2
 compositions composition[]u >composition +3
 vulnerabilities vulnerability[]u >vulnerability +4
 annotations annotation[]u >annotation +5
 formulation formula[]u ~ +5
 declarations declarations ~ +6
 definitions definitions ~ +6
 citations citation[]u ~ +7
 properties property[] >property +3
 signature any - +4
metadata
 timestamp time
 lifecycles lifecycle[] >lifecycle +5
 tools tools
 manufacturer entity +6
 authors contact[] >author
 component component
 manufacture entity
 supplier entity
 licenses licences +3
 properties property[] >property +3
 distributionConstraints distribution +7
distribution
 tlp enum:tlp
lifecycle
 phase enum:phase
 name str
 description str
 ^ phase name
toolset
 components component[]u >component
 services service[]u >service
tool
 vendor str
 name str
 version str
 hashes hash[] >hash
 externalReferences externalReference[] >reference +4
entity
 bom-ref ref @ +5
 name str
 address address +6
 url uri[] =url
 contact contact[] =contact
contact
 bom-ref ref @ +5
 name str
 email email
 phone str
address
 bom-ref ref @
 country str
 region str
 locality str
 postOfficeBoxNumber str
 postalCode str
 streetAddress str
party
 organization entity
 individual contact
 ^ organization individual
component
 type! enum:componentType @
 mime-type mime @
 bom-ref ref @ +1
 supplier entity +2
 manufacturer entity +6
 authors contact[] >author +6
 author str +2
 publisher str
 group str
 name! str
 version!<4 str
 versionRange word +7
 isExternal bool @ +7
 description str
 scope enum:scope
 hashes hash[] >hash
 licenses licences
 copyright str
 patentAssertions patentAssertion[] ~ +7
 cpe cpe
 purl purl
 omniborId str[] =omniborId +6
 swhid str[] =swhid +6
 swid swid +2
 modified bool
 pedigree pedigree +1
 externalReferences externalReference[] >reference +1
 components component[]u >component
 evidence evidence +3
 releaseNotes releaseNotes +4
 modelCard modelCard ~ +5
 data componentData[] ~ +5
 cryptoProperties cryptoProperties ~ +6
 properties property[] >property +3
 tags str[] >tag +6
 signature any - +4
 notboth version versionRange
swid
 tagId! str @
 name! str @
 version str @
 tagVersion int @
 patch bool @
 text attachment
 url uri
attachment
 contentType str @content-type
 encoding enum:encoding @
 content! str .
hash
 alg! enum:hashAlg @
 content! digest .
licence
 bom-ref ref @ +5
 acknowledgement enum:acknowledgement @ +6
 id enum:licence
 name str
 text attachment
 url uri
 licensing licensing +5
 properties property[] >property +5
 ^ id name
licenceItem
 license licence
 expression str
 expressionDetails expressionDetail[] ~ +7
 acknowledgement enum:acknowledgement +6
 bom-ref ref +5
 licensing licensing +7
 properties property[] +7
 ^ license expression
x:expression
 bom-ref ref @ +5
 acknowledgement enum:acknowledgement @ +6
 expression! str .
expressionDetail
 licenseIdentifier! str
 bom-ref ref
 text attachment
 url uri
licensing
 altIds str[] >altId
 licensor party
 licensee party
 purchaser party
 purchaseOrder str
 licenseTypes enum:licenceType[] >licenseType
 lastRenewal time
 expiration time
pedigree
 ancestors component[] >component
 descendants component[] >component
 variants component[] >component
 commits commit[] >commit
 patches patch[] >patch +2
 notes str
commit
 uid str
 url uri
 author action
 committer action
 message str
action
 timestamp time
 name str
 email email
patch
 type! enum:patchType @
 diff diff
 resolves issue[] >issue
diff
 text attachment
 url uri
issue
 type! enum:issueType @
 id str
 name str
 description str
 source nameURL
 references uri[] >url
nameURL
 name str
 url uri
externalReference
 url! uri
 comment str
 type! enum:referenceType @
 hashes hash[] >hash +3
 properties property[] >property +7
dependency
 ref! link @
 dependsOn link[]u =dependency@ref
 provides link[]u =provides@ref +6
service
 bom-ref ref @
 provider entity
 group str
 name! str
 version str
 description str
 endpoints uri[] >endpoint
 authenticated bool
 x-trust-boundary bool
 trustZone str +5
 data serviceData[] >
 licenses licences
 patentAssertions patentAssertion[] ~ +7
 externalReferences externalReference[] >reference
 services service[]u >service
 releaseNotes releaseNotes +4
 properties property[] >property +3
 tags str[] >tag +6
 signature any - +4
serviceData
 flow! enum:flow
 classification! str
 name str +5
 description str +5
 governance governance +5
 source uri[] +5
 destination uri[] +5
x:serviceData
 flow enum:flow @
 name str @
 description str @
 classification classification
 governance any
 source any
 destination any
 text str .
classification
 flow! enum:flow @
 text str .
evidence
 identity identity[]? =identity +5
 occurrences occurrence[] >occurrence +5
 callstack callstack +5
 licenses licences
 copyright copyright[] >text
identity
 field! enum:identityField
 confidence fraction
 concludedValue str +6
 methods method[] >method
 tools link[] >tool@ref
method
 technique! enum:technique
 confidence! fraction
 value str
occurrence
 bom-ref ref @
 location! str
 line natural +6
 offset natural +6
 symbol str +6
 additionalContext str +6
callstack
 frames frame[] >frame
frame
 package str
 module! str
 function str
 parameters str[] >parameter
 line int
 column int
 fullFilename str
copyright
 text! str
x:copyright
 text! str .
composition
 bom-ref ref @ +5
 aggregate! enum:aggregate
 assemblies link[]u >assembly@ref
 dependencies link[]u >dependency@ref
 vulnerabilities link[]u >vulnerability@ref +5
 signature any - +4
property
 name!>6 str @
 value str .
x:property
 name! str @
 value str .
releaseNotes
 type! str
 title str
 featuredImage uri
 socialImage uri
 description str
 timestamp time
 aliases str[] >alias
 tags str[] >tag
 resolves issue[] >issue
 notes note[] >note
 properties property[] >property
note
 locale locale
 text! attachment
vulnerability
 bom-ref ref @
 id str
 source nameURL
 references vulnerabilityReference[] >reference
 ratings rating[] >rating
 cwes positive[] >cwe
 description str
 detail str
 recommendation str
 workaround str +5
 proofOfConcept proofOfConcept +5
 advisories advisory[] >advisory
 created time
 published time
 updated time
 rejected time +5
 credits credits
 tools tools
 analysis analysis
 affects affect[]u >target
 properties property[] >property
vulnerabilityReference
 id! str
 source! nameURL
rating
 source nameURL
 score num
 severity enum:severity
 method enum:scoreMethod
 vector str
 justification str
proofOfConcept
 reproductionSteps str
 environment str
 supportingMaterial attachment[] >attachment
advisory
 title str
 url! uri
credits
 organizations entity[] >organization
 individuals contact[] >individual
analysis
 state enum:analysisState
 justification enum:analysisJustification
 response enum:analysisResponse[] /responses>response
 detail str
 firstIssued time +5
 lastUpdated time +5
affect
 ref! link
 versions affectedVersion[] >version
affectedVersion
 version str
 range word
 status enum:affectedStatus
 ^ version range
annotation
 bom-ref ref @
 subjects! link[]u >subject@ref
 annotator! annotator
 timestamp! time
 text! str
 signature any -
annotator
 organization entity
 individual contact
 component component
 service service
 ^ organization individual component service
` + cdxModelClaims + cdxModelAssets
