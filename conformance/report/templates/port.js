// The port of a layer: a setting is looked up in the table that the translation filled, and numbers
// are put for the names of lengths and channels. `portOf` has no state, so that a test can ask it.
const channelsOf = ({ groups, inputs, outputs }) => {
  if (groups > 1) {
    if (inputs > groups && outputs > groups) return "groups";
    return inputs === groups && outputs === groups ? "groups of one channel" : null;
  }
  if (inputs === 1) return null;
  return outputs === 1 ? "one output channel" : "one group";
};

const filled = (text, { groups, inputs, outputs, height, width }) => {
  const names = { in: inputs, out: outputs, groups, "in/groups": inputs / groups, "out/groups": outputs / groups };
  return text.replace(/⟦([^⟧]*)⟧/g, (_, words) => {
    const [name, times, more] = words.split(" ");
    if (times === undefined) return names[name];
    return (name === "h" ? height : width) * Number(times) + Number(more);
  });
};

const lengthOf = ([kernel, stride, begin, end, outputPadding, dilation], n) =>
  (n - 1) * stride + dilation * (kernel - 1) + 1 - begin - end + outputPadding;

// Whether each element of the output, away from the ends, is the sum of as many products.
const coversEvenly = (kernel, stride, dilation) => {
  const reached = Array.from({ length: kernel }, (_, n) => (n * dilation) % stride);
  return new Set(Array.from({ length: stride }, (_, n) => reached.filter((place) => place === n).length)).size === 1;
};

const portOf = (table, layer) => {
  const source = table.sources.find(([id]) => id === layer.from);
  const target = table.targets.find(([id]) => id === layer.to);
  if (layer.inputs % layer.groups || layer.outputs % layer.groups) {
    return { reason: "The channels must be a multiple of the groups." };
  }
  const none = layer.outputPadding === null ? "None" : layer.outputPadding;
  const key = [layer.kernel, layer.stride, layer.padding, none, layer.dilation, channelsOf(layer)].join(",");
  const setting = table.settings[key];
  if (setting === undefined || Math.min(layer.height, layer.width) < 2) return { unknown: true };
  const number = source[2][setting];
  if (number === null) return { unknown: true };
  if (number < 0) return { reason: table.reasons[-1 - number] };
  const meaning = table.meanings[number];
  const lengths = [layer.height, layer.width].map((n) => lengthOf(meaning, n));
  if (Math.min(...lengths) < 1) return { reason: `There is no output: its length would be ${Math.min(...lengths)}.` };
  const place = target[2][number];
  if (place < 0) return { reason: table.reasons[-1 - place], lengths };
  const [code, kernel, output, cost, cases] = table.calls[place];
  const [call, kernelLines, outputLines] = [code, kernel, output].map((text) => filled(text, layer));
  return { call, kernel: kernelLines, output: outputLines, cost, cases, lengths, meaning };
};

const commandOf = (layer) => [
  `conformance translate --from '${layer.from}' --to '${layer.to}'`,
  `--kernel-size ${layer.kernel} --stride ${layer.stride} --padding ${layer.padding}`,
  ...(layer.outputPadding === null ? [] : [`--output-padding ${layer.outputPadding}`]),
  `--dilation ${layer.dilation} --groups ${layer.groups} --channels ${layer.inputs} ${layer.outputs}`,
  `--size ${layer.height},${layer.width}`,
].join(" ");

// What lines do to an array, in a word where there is one, and the lines.
const rewriting = (lines, otherwise) => {
  if (!lines) return [`${otherwise}.`];
  const kinds = { permute: /\.transpose\(/, flip: /::-1/, crop: /[\[ ]-?\d+:|[^:]:-?\d/ };
  const words = Object.keys(kinds).filter((kind) => kinds[kind].test(lines)).join(" and ");
  return [words && `${words}, `, make("code", {}, lines.replaceAll("\n", "; ")), "."];
};

const portForm = (table) => {
  const form = element("layer");
  const field = (name) => form.elements.namedItem(name);
  for (const name of ["from", "to"]) {
    for (const [id, title] of table[name === "from" ? "sources" : "targets"]) field(name).add(new Option(title, id));
  }
  const ids = table.sources.map(([id]) => id);
  const chosen = (id, fallback) => (ids.includes(id) ? id : ids[fallback]);
  field("from").value = chosen("torch.nn.ConvTranspose", 0);
  field("to").value = chosen("keras.layers.ConvTranspose", ids.length - 1);
  const whole = (name) => Number(field(name).value);
  const read = () => ({
    from: field("from").value,
    to: field("to").value,
    kernel: whole("kernel"),
    stride: whole("stride"),
    padding: field("padding").value.trim(),
    outputPadding: field("outputPadding").value === "" ? null : whole("outputPadding"),
    dilation: whole("dilation"),
    groups: whole("groups"),
    inputs: whole("inputs"),
    outputs: whole("outputs"),
    height: whole("height"),
    width: whole("width"),
  });
  const proof = (result) => (result.cases
    ? `The same recipe was run on ${count(result.cases, "case")} with arguments of these kinds, and every answer was right.`
    : "No case with arguments of all these kinds was run by this recipe: verify it with the command below.");
  const answer = () => {
    if (!form.checkValidity()) {
      const wrong = [...form.elements].find((input) => input.willValidate && !input.checkValidity());
      element("ported").replaceChildren(make("p", {}, `${wrong.labels[0].firstChild.textContent.trim()}: ${wrong.validationMessage}`));
      return;
    }
    const layer = read();
    const result = portOf(table, layer);
    const parts = [];
    const { meaning } = result;
    if (result.reason) parts.push(make("p", {}, make("b", {}, "There is no such call. "), result.reason));
    if (result.unknown) parts.push(make("p", {}, make("b", {}, "This layer is not in the table of the page. "), "The command below writes its call."));
    if (result.lengths) {
      parts.push(make("p", { id: "lengths" }, make("b", {}, "Output: "), `${layer.height} x ${layer.width} becomes ${result.lengths.join(" x ")}.`));
    }
    if (result.call) {
      const [kernel, stride, begin, end, outputPadding, dilation] = meaning;
      const least = lengthOf(meaning, layer.height) - outputPadding;
      parts.push(
        codeBlock("the call that gives the same numbers", result.call),
        make("p", {}, make("b", {}, "Weights: "), ...rewriting(result.kernel, "as they are")),
        make("p", {}, make("b", {}, "Output array: "), ...rewriting(result.output, "as it is"), ` Cost: ${result.cost}.`),
        make("p", {}, make("b", {}, "Proof: "), proof(result)),
        make("p", {}, make("b", {}, "Undone: "), `a convolution with these arguments turns every height from ${least} to ${least + stride - 1} into ${layer.height}.`),
      );
      const window = `a kernel of ${kernel}${dilation > 1 ? `, dilated by ${dilation},` : ""} at a stride of ${stride}`;
      parts.push(make("p", {}, make("b", {}, "Checkerboard: "), coversEvenly(kernel, stride, dilation)
        ? `none: ${window} reaches all output elements equally often, but for those near the ends. `
        : `yes: ${window} makes output elements sums of different numbers of products. `, link("#coverage", "See it")));
      if (begin !== end) parts.push(make("p", {}, `It crops ${begin} at the start and ${end - outputPadding} at the end.`));
    }
    parts.push(codeBlock("the same on a command line", commandOf(layer)));
    element("ported").replaceChildren(...parts);
  };
  // An API that takes no such padding is shown with one that it takes.
  const fit = () => {
    const { value } = field("padding");
    for (const words of [value, "same", "0"]) {
      field("padding").value = words;
      if (!portOf(table, read()).reason) return;
    }
    field("padding").value = value;
  };
  field("from").addEventListener("input", fit);
  form.addEventListener("input", answer);
  form.addEventListener("submit", (event) => event.preventDefault());
  answer();
};
let portOnce;
const porting = () => (portOnce ??= load("ports").then(portForm));
