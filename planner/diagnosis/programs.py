"""What is wrong in the program itself: shapes, types, arguments, imports."""

from __future__ import annotations

from .rules import rule

RULES = (
    rule(
        "run.crash.shape",
        r"mat1 and mat2 shapes cannot be multiplied \(.+?\)"
        r"|The size of tensor a \(\d+\) must match the size of tensor b"
        r"|shape '\[.+\]' is invalid for input of size|Expected input batch_size \(\d+\) to match target batch_size"
        r"|[Ss]izes of tensors must match except in dimension|stack expects each tensor to be equal size"
        r"|Given groups=\d+, weight of size|expected input.*to have \d+ channels|Expected more than 1 value per channel"
        r"|Expected target size \[|all input arrays must have the same shape|running_mean should contain",
        "shapes do not fit",
        "run that one batch on tensors without contents (`mlintern check`, the dry run): it names the line for free",
        ("make the layer's input size fit what it is given at this line", "the layer is built for another size"),
        ("take sizes from the tensor (x.size(0)), or set drop_last=True", "only the ragged last batch does not fit"),
        ("pad to one length in collate_fn", "samples of one batch have different sizes"),
    ),
    rule(
        "run.crash.device_mix",
        r"Expected all tensors to be on the same device|Input type \(.+\) and weight type \(.+\) should be the same"
        r"|expected scalar type \w+ but found \w+|mat1 and mat2 must have the same dtype",
        "tensors of different devices or types meet",
        "print .device and .dtype of both at this line",
        ("move the inputs to the model's device and type", "the batch was never moved"),
        ("register what the model makes itself as a buffer", "a tensor of the model's own does not move with it"),
    ),
    rule(
        "model.detached",
        r"does not require grad and does not have a grad_fn",
        "the loss is cut off from the parameters",
        "walk loss.grad_fn back for one batch: where it is None the graph is cut",
        ("leave out detach(), item(), no_grad() or argmax on the way to the loss", "the graph is cut on the way"),
        ("set requires_grad on what is to be trained", "all parameters are frozen"),
    ),
    rule(
        "run.arguments.usage",
        r"^(?:\S+\.py|\S+): error: (?:(?:the following )?arguments? .+|unrecognized arguments: .+|argument .+"
        r"|ambiguous option.+)"
        r"|No action for key .+ to check its value|Could not override '.+'",
        "an argument is unknown, missing or of a wrong form",
        "run the script with --help",
        ("correct the argument that the line names", "the command line is wrong"),
    ),
    rule(
        "run.arguments.import",
        r"ModuleNotFoundError: No module named '(.+?)'|ImportError: (.+)|undefined symbol: \S+",
        "an import does not work: {0}",
        "import it alone in the run's interpreter",
        ("install what is missing there, or start with another interpreter", "this interpreter lacks it"),
        ("install versions that fit each other", "two installed versions do not fit"),
    ),
)
