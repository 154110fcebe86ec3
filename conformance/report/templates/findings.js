// Findings: those of which one sighting has the framework, the versions and the class, by any words.
const findingForm = element("finding-filter");
if (findingForm) {
  const FIELDS = ["framework", "versions", "class"];
  const findings = [...document.querySelectorAll(".finding")];
  const sightings = findings.map((finding) => JSON.parse(finding.dataset.sightings));
  const field = (name) => findingForm.elements.namedItem(name);
  FIELDS.forEach((name, n) => {
    const values = new Set(sightings.flat().flatMap((sighting) => sighting[n]));
    [...values].sort().forEach((value) => field(name).add(new Option(value, value)));
  });
  const filterFindings = () => {
    const wanted = FIELDS.map((name) => field(name).value);
    const words = field("words").value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (sighting) => wanted.every((value, n) => !value || [sighting[n]].flat().includes(value));
    findings.forEach((finding, n) => {
      const text = finding.textContent.toLowerCase();
      finding.hidden = !(sightings[n].some(fits) && words.every((word) => text.includes(word)));
    });
    element("findings-found").textContent = `${count(findings.filter((f) => !f.hidden).length, "finding")} of ${findings.length}`;
  };
  findingForm.hidden = false;
  findingForm.addEventListener("submit", (event) => event.preventDefault());
  findingForm.addEventListener("input", filterFindings);
  findingForm.addEventListener("reset", () => setTimeout(filterFindings));
}

