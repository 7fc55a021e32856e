/** What the sizes and the numbers of a model of the lab are called. */

/** The sizes to choose from: see lab-sizes.js. */
export const SIZE_NAMES = { small: "Small", middle: "Middle", large: "Large", window: "Window model" };

/** The numbers of a model, by their names in train.py: what they are called, and what they do. */
export const FIELDS = {
  n_layer: ["Layers", "Blocks that a token passes, one after the other. Later ones build on earlier ones."],
  n_head: ["Heads", "Ways of looking back that each layer has, side by side."],
  n_embd: ["Width", "How many numbers stand for a token on its way through the model."],
  n_ff: ["Neurons", "How many each layer has. They work on what a token has gathered."],
  n_ctx: ["Context", "Tokens that the model sees at once. It knows nothing of what is further back."],
  batch_size: [
    "Batch",
    "Rows of text that it learns from in one step. More make a step steadier, and slower.",
  ],
  steps: ["Steps", "How often the weights are changed."],
  warmup: ["Warm-up", "Steps in which the learning rates rise to full, so that the start does no harm."],
  optimizer: [
    "Optimizer",
    "The rule that makes a change of the weights out of a gradient. Muon needs fewer steps; AdamW is what most people use.",
  ],
  matrix_lr: [
    "Learning rate of the matrices",
    "How far a step moves them. Too far, and each step undoes the last.",
  ],
  embedding_lr: ["Learning rate of the embeddings", "The same for the numbers that each token begins with."],
  unembedding_lr: [
    "Learning rate of the unembedding",
    "The same for what makes predictions of the last numbers.",
  ],
  weight_decay: [
    "Weight decay",
    "How strongly the matrices are pulled towards zero, against learning by heart.",
  ],
  seed: ["Seed", "Decides the first weights and the order of the text. The same seed makes the same model."],
};
