// The `grid run` examples of the seed document, each as it stands there, and the trials that the document lists for it:
// the swept columns and their values, in order. (In its range example `main.py` is the document's slip for `file.py`.)

const sizes = [["8"], ["16"], ["32"], ["64"]];

export const EXAMPLES = [
  {
    name: "one command",
    text: "      grid run file.py --batch_size 8\n",
    columns: [],
    rows: [[]],
  },
  {
    name: "four commands",
    text: `      # run 4 models in parallel
      grid run file.py --batch_size 8
      grid run file.py --batch_size 16
      grid run file.py --batch_size 32
      grid run file.py --batch_size 64
`,
    columns: ["--batch_size"],
    rows: sizes,
  },
  {
    name: "a datastore",
    text: "    grid run --datastore_name cifar5 cifar5.py --data_dir /datastores/cifar5\n",
    columns: [],
    rows: [[]],
  },
  {
    name: "four commands with a datastore",
    text: `    grid run --datastore_name cifar5 cifar5.py --data_dir /datastores/cifar5 --batch_size 8
    grid run --datastore_name cifar5 cifar5.py --data_dir /datastores/cifar5 --batch_size 16
    grid run --datastore_name cifar5 cifar5.py --data_dir /datastores/cifar5 --batch_size 32
    grid run --datastore_name cifar5 cifar5.py --data_dir /datastores/cifar5 --batch_size 64
`,
    columns: ["--batch_size"],
    rows: sizes,
  },
  {
    name: "their shortcut",
    text: '    grid run --datastore_name cifar5 cifar5.py --data_dir /datastores/cifar5 --batch_size "[8, 16, 32, 64]"\n',
    columns: ["--batch_size"],
    rows: sizes,
  },
  {
    name: "list",
    text: '    grid run file.py --batch_size "[8, 16, 32, 64]"\n',
    columns: ["--batch_size"],
    rows: sizes,
  },
  {
    name: "range",
    text: '    grid run file.py --batch_size "range(1, 10, 2)"\n',
    columns: ["--batch_size"],
    rows: [["1"], ["3"], ["5"], ["7"], ["9"]],
  },
  {
    name: "string list, a comma missing",
    text: "    grid run file.py --model_backbone \"['resnet18' 'transformer', 'resnet50']\"\n",
    columns: ["--model_backbone"],
    rows: [["resnet18"], ["transformer"], ["resnet50"]],
  },
  {
    name: "grid search, the first argument fastest",
    text: '    grid run file.py --batch_size "[1, 2]" --layers "[3, 5]"\n',
    columns: ["--batch_size", "--layers"],
    rows: [["1", "3"], ["2", "3"], ["1", "5"], ["2", "5"]],
  },
];

export const UNIFORM = { text: '    grid run file.py --learning_rate "uniform(1e-5, 1e-1, 3)"\n', low: 1e-5, high: 1e-1, size: 3 };

export const RANDOM_SEARCH = {
  text: '    grid run --strategy random_search --num_trials 2 file.py --batch_size "[1, 2]" --layers "[3, 5]"\n',
  columns: ["--batch_size", "--layers"],
  from: [["1", "3"], ["2", "3"], ["1", "5"], ["2", "5"]],
};
